"""The rows of a table, block by block, as series on grids."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rookery.cost import numbers
from rookery.cost.grid import Floats, Integers, shown, step_of
from rookery.cost.numbers import Unreadable
from rookery.cost.refusal import Refusal
from rookery.cost.roles import roles_of
from rookery.cost.series import Reading, Series
from rookery.cost.table import Table
from rookery.cost.times import Clock, day_format, zone_named

_MOST_SERIES = 1000
_Column = TypeVar("_Column", Integers, Floats)


def read_rows(table: Table, reading: Reading) -> Series:
    """The series of a table.

    Raises:
        Refusal: A row cannot be read, or which series are meant is not clear.
    """
    return _Rows(table, reading).read()


class _Rows:
    def __init__(self, table: Table, reading: Reading) -> None:
        self._table, self._reading = table, reading
        self._roles = roles_of(
            table.name, table.columns, reading.time_column, reading.labels, reading.decimal
        )
        self._values = self._roles.values
        if not self._roles.labels:
            self._values = [at for at in self._values if reading.wants(self._column(at))]
        self._codes: dict[str, int] = {}
        self._newest_first = False
        self._previous = -1, 0

    def _column(self, at: int) -> str:
        return self._table.columns[at].name

    def read(self) -> Series:
        """Every block; the first tells step and order."""
        blocks = self._blocks()
        columns, lines = next(blocks)
        codes = self._series(columns, lines)
        found, clock = self._begin(columns, codes, lines)
        while True:
            self._add(found, clock, columns, codes, lines)
            block = next(blocks, None)
            if block is None:
                break
            columns, lines = block
            codes = self._series(columns, lines)
        return self._end(found, clock)

    def _blocks(self) -> Iterator[tuple[list[pa.Array], Integers]]:
        """Times, values and labels of the rows that are not blank, and their lines."""
        wanted = [self._roles.time, *self._values, *self._roles.labels]
        for columns, first_line in self._table.blocks(wanted):
            lines = np.arange(first_line, first_line + len(columns[0]))
            blank = pc.equal(pc.utf8_trim_whitespace(columns[0]), "")
            if not pc.any(blank).as_py():
                yield columns, lines
                continue
            full = pc.invert(blank)
            kept = lines[full.to_numpy(zero_copy_only=False)]
            if kept.size:
                yield [each.filter(full) for each in columns], kept

    def _series(self, columns: list[pa.Array], lines: Integers) -> Integers:
        """Of which series each row is, by its labels."""
        labels = columns[1 + len(self._values) :]
        if not labels:
            return np.zeros(len(lines), np.int64)
        names = labels[0]
        if len(labels) > 1:
            names = pc.binary_join_element_wise(*labels, ", ")
        encoded = names.dictionary_encode()
        known = [
            self._codes.setdefault(n, len(self._codes)) for n in encoded.dictionary.to_pylist()
        ]
        if len(self._codes) > _MOST_SERIES:
            told = ", ".join(map(self._column, self._roles.labels))
            raise Refusal(
                f"{self._table.name} line {lines[-1]}: more than {_MOST_SERIES:,} series by"
                f" {told}: leave out the columns that do not tell series apart"
            )
        codes: Integers = np.asarray(known, np.int64)[encoded.indices.to_numpy()]
        return codes

    def _begin(
        self, columns: list[pa.Array], codes: Integers, lines: Integers
    ) -> tuple[Series, Clock]:
        time_format = self._reading.time_format or day_format(columns[0].to_pylist())
        moments = self._cells(Clock(time_format=time_format).read, columns[0], lines, codes)
        apart = np.diff(moments)[np.diff(codes) == 0]
        self._newest_first = apart.size > 0 and float((apart < 0).mean()) > 0.5
        zone = zone_named(self._reading.timezone or "UTC")
        clock = Clock(zone, time_format, newest_first=self._newest_first)
        moments = self._cells(clock.read, columns[0], lines, codes)
        step = step_of(moments, codes) or 1
        found = Series(self._table.name, step, int(moments[0]), self._reading.repeats)
        # the trial above is not the one that counts
        return found, Clock(zone, time_format, newest_first=self._newest_first)

    def _cells(
        self, read: Callable[..., _Column], cells: pa.Array, lines: Integers, *more: object
    ) -> _Column:
        try:
            return read(cells, *more)
        except Unreadable as error:
            raise Refusal(
                f"{self._table.name} line {lines[error.index]}:"
                f" {cells[error.index].as_py()!r} is not {error.expected}"
            ) from None

    def _add(
        self,
        found: Series,
        clock: Clock,
        columns: list[pa.Array],
        codes: Integers,
        lines: Integers,
    ) -> None:
        moments = self._cells(clock.read, columns[0], lines, codes)
        self._watch(found, moments, codes, lines)
        found.tally.rows += len(lines)
        for at, cells in zip(self._values, columns[1:], strict=False):
            values = self._cells(numbers.column, cells, lines, self._roles.decimal)
            for name, rows in self._parted(at, codes):
                found.grid(name).add(moments[rows], values[rows], lines[rows])

    def _parted(
        self, at: int, codes: Integers
    ) -> Iterator[tuple[str, npt.NDArray[np.bool_] | slice]]:
        """The wanted series of a column of values, and which rows each has."""
        if not self._codes:
            yield self._column(at), slice(None)
            return
        names = list(self._codes)
        for code in np.unique(codes):
            name = names[code]
            if len(self._values) > 1:
                name += f", {self._column(at)}"
            if self._reading.wants(name):
                yield name, codes == code

    def _watch(self, found: Series, moments: Integers, codes: Integers, lines: Integers) -> None:
        """Remember where the times first go back, which tells a clock that was put back."""
        if found.backwards:
            return
        code, moment = self._previous
        earlier = np.concatenate(([moment], moments[:-1]))
        same = codes == np.concatenate(([code], codes[:-1]))
        against = moments > earlier if self._newest_first else moments < earlier
        self._previous = int(codes[-1]), int(moments[-1])
        if (against & same).any():
            at = int((against & same).argmax())
            found.backwards = (
                f"the times go backwards at line {lines[at]}, to {shown(int(moments[at]))} after"
                f" {shown(int(earlier[at]))}"
            )

    def _end(self, found: Series, clock: Clock) -> Series:
        if not found.grids:
            known = [*self._codes] or [self._column(at) for at in self._roles.values]
            raise Refusal(
                f"{found.name} has no series {', '.join(self._reading.series)}: it has"
                f" {', '.join(map(repr, known[:10]))}"
            )
        found.words = [self._words(name) for name in found.grids]
        found.naive = clock.naive and not self._reading.timezone
        if found.naive:
            found.remarks.append("times without a zone taken as UTC")
        found.newest_first = self._newest_first
        if found.backwards:
            found.remarks.append(f"{found.backwards}, sorted")
        return found

    def _words(self, series: str) -> str:
        """What stands above the values of a series."""
        columns = [self._table.columns[at] for at in self._values]
        if self._roles.labels:
            return " ".join([*(column.words for column in columns), series])
        return next(column.words or column.name for column in columns if column.name == series)
