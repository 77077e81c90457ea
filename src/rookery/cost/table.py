"""A table of texts out of CSV as people have it, block by block in bounded memory."""

import contextlib
import csv
import gzip
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.csv

from rookery.cost import times
from rookery.cost.refusal import Refusal

HEAD_BYTES = 1 << 18
_BLOCK_BYTES = 1 << 20
_DELIMITERS = "\t;|,"  # a comma last: it may be a decimal mark in a file that has the others
_NOT_CSV = {
    b"PK\x03\x04": "a zip archive or a spreadsheet: unpack it, or save it as CSV",
    b"\x28\xb5\x2f\xfd": "packed by zstd: unpack it first",
    b"\xfd7zXZ": "packed by xz: unpack it first",
    b"BZh": "packed by bzip2: unpack it first",
    b"PAR1": "Parquet: save it as CSV",
}
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        name: its heading, or `column N`.
        words: all that stands above its values.
        cells: its first values.
    """

    name: str
    words: str
    cells: list[str]


class _Joined(io.RawIOBase):
    """What was read already, then the rest."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what io passes
        piece = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)


class Table:
    """A CSV file: its columns, and its rows as texts.

    Args:
        name: What the file is called in sentences.
        head: Its first bytes, all if they are fewer than `HEAD_BYTES`.
        stream: The rest.

    Raises:
        Refusal: It has no rows, or is no table with times.
    """

    def __init__(self, name: str, head: bytes, stream: BinaryIO) -> None:
        self.name = name
        self._stream = _Joined(head, stream)
        self._refuse_what_is_no_csv(head)
        self._encoding = _encoding(head)
        text = head.decode(self._encoding, errors="replace")
        lines = text.splitlines()
        if len(head) == HEAD_BYTES:
            lines = lines[:-1]  # cut off anywhere
        self._delimiter, rows, self.first_line = self._rows(lines)
        self.columns = _columns(rows, self.first_line)

    def _refuse_what_is_no_csv(self, head: bytes) -> None:
        if not head.strip():
            raise Refusal(f"{self.name} is empty: export it again, with rows")
        for magic, what in _NOT_CSV.items():
            if head.startswith(magic):
                raise Refusal(f"{self.name} is {what}")

    def _rows(self, lines: list[str]) -> tuple[str, list[list[str]], int]:
        """The delimiter, the rows as cells, and the number of the line where values begin."""
        candidates = _DELIMITERS
        if lines[0].lower().startswith("sep=") and len(lines[0]) == len("sep=") + 1:
            candidates, lines[0] = lines[0][-1], ""
        for delimiter in candidates:
            rows = [next(csv.reader([line], delimiter=delimiter), []) for line in lines]
            first = next((at for at, row in enumerate(rows) if _has_value(row)), None)
            if first is not None:
                return delimiter, rows, first + 1
        raise Refusal(self._no_rows([line for line in lines if line.strip()]))

    def _no_rows(self, lines: list[str]) -> str:
        if len(lines) == 1:
            return (
                f"{self.name} has a heading and no rows: export it again, over a time with traffic"
            )
        return (
            f"{self.name} has no line with a time and a number; line 2 is {lines[1][:60]!r}:"
            " name the format of its times by --time-format, such as %d-%m-%Y %H:%M"
        )

    def blocks(self, wanted: list[int]) -> Iterator[tuple[list[pa.Array], int]]:
        """The columns at `wanted`, in blocks, and the number of the line where each begins.

        Raises:
            Refusal: A line has more or fewer cells than the others.
        """
        names = [str(at) for at in range(len(self.columns))]
        odd: list[pyarrow.csv.InvalidRow] = []
        chosen = [names[at] for at in wanted]

        def keep(row: pyarrow.csv.InvalidRow) -> str:
            odd.append(row)
            return "skip"

        line = self.first_line
        with pyarrow.csv.open_csv(
            pa.PythonFile(self._stream, mode="r"),
            read_options=pyarrow.csv.ReadOptions(
                use_threads=False,
                block_size=_BLOCK_BYTES,
                skip_rows=self.first_line - 1,
                column_names=names,
                encoding=self._encoding.removesuffix("-sig"),
            ),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=self._delimiter,
                ignore_empty_lines=False,  # lines are counted
                invalid_row_handler=keep,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=chosen, column_types=dict.fromkeys(chosen, pa.string())
            ),
        ) as reader:
            for batch in reader:
                self._refuse_odd(odd)
                yield batch.columns, line
                line += batch.num_rows
        self._refuse_odd(odd)

    def _refuse_odd(self, odd: list[pyarrow.csv.InvalidRow]) -> None:
        if odd:
            row = odd[0]
            raise Refusal(
                f"{self.name} line {row.number}: {row.actual_columns} cells where the others have"
                f" {row.expected_columns}: {row.text[:60]!r}"
            )


@contextlib.contextmanager
def opened(path: str) -> Iterator[tuple[str, BinaryIO]]:
    """The name and the bytes of a file, unpacked if it is gzip; `-` is the standard input.

    Raises:
        Refusal: It cannot be read.
    """
    name = "the standard input" if path == "-" else path
    try:
        with contextlib.ExitStack() as stack:
            raw = sys.stdin.buffer if path == "-" else stack.enter_context(open(path, "rb"))  # noqa: PTH123  # `-` is none
            magic = raw.read(2)
            stream = cast("BinaryIO", io.BufferedReader(_Joined(magic, raw)))
            if magic == b"\x1f\x8b":
                stream = cast("BinaryIO", gzip.GzipFile(fileobj=stream))
            yield name, stream
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Refusal(f"{name} cannot be read: {reason}") from None


def _encoding(head: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    try:
        head[:-4].decode()  # the end may be half a character
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _has_value(row: list[str]) -> bool:
    return len(row) > 1 and any(map(times.is_time, row))


def _columns(rows: list[list[str]], first_line: int) -> list[Column]:
    """The columns, as the lines above the first values name them."""
    values = [row for row in rows[first_line - 1 :] if any(row)]
    width = len(values[0])
    headings = [row for row in rows[: first_line - 1] if len(row) == width]
    return [
        Column(
            next((row[at].strip() for row in headings if row[at].strip()), f"column {at + 1}"),
            " ".join(row[at].strip() for row in headings),
            [row[at] for row in values if len(row) == width],
        )
        for at in range(width)
    ]
