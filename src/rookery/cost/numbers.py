"""Numbers as people and tools write them, as float64; what is missing is NaN."""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rookery.cost.refusal import Refusal

MISSING = ("", "nan", "null", "none", "n/a", "na", "-", "undefined")
_MISSING = pa.array(MISSING)
_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?|[-+]?inf(inity)?", re.IGNORECASE)
# grouped thousands, by the mark of the decimals
_GROUPED = {
    ".": re.compile(r"[-+]?\d{1,3}([,' ]\d{3})+(\.\d+)?"),
    ",": re.compile(r"[-+]?\d{1,3}([.' ]\d{3})+(,\d+)?"),
}
_COMMA = re.compile(r"[-+]?\d+,\d+")
_AMBIGUOUS = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")


class Unreadable(Exception):  # noqa: N818  # what it is
    """The cell at `index` of a column is not what it should be."""

    def __init__(self, index: int, expected: str) -> None:
        super().__init__(index, expected)
        self.index, self.expected = index, expected


def number(text: str, decimal: str | None) -> float | None:
    """`text` as a number, NaN where it says that nothing was measured, None if it is no number.

    Args:
        text: A cell.
        decimal: The mark of the decimals, `.` or `,`; None reads no cell that has a comma.
    """
    text = text.strip()
    if text.lower() in MISSING:
        return float("nan")
    if decimal == "," and _COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    if _GROUPED[decimal or "."].fullmatch(text) and (decimal or "," not in text):
        thousands = "." if decimal == "," else ","
        text = re.sub("[' ]", "", text.replace(thousands, "")).replace(",", ".")
        return float(text)
    if decimal == "," and "." in text:
        return None  # 1.5 beside 1,5: one of them means something else
    return float(text) if _PLAIN.fullmatch(text) else None


def is_number(text: str) -> bool:
    """Whether `text` is a number, with whatever decimals."""
    return any(number(text, decimal) is not None for decimal in ".,")


def decimal_mark(cells: list[str]) -> str | None:
    """The mark of the decimals in `cells`; None when no cell has a comma.

    Raises:
        Refusal: A comma may be either, as in 1,234.
    """
    with_comma = [text for text in map(str.strip, cells) if "," in text]
    if not with_comma:
        return None
    possible = [mark for mark in ".," if all(number(text, mark) is not None for text in with_comma)]
    if len(possible) == 1:
        return possible[0]
    if all(_AMBIGUOUS.fullmatch(text) for text in with_comma):
        raise Refusal(
            f"{with_comma[0]!r} may be a thousand or a fraction: say which by --decimal . or ,"
        )
    return ","


def column(cells: pa.Array, decimal: str | None) -> npt.NDArray[np.float64]:
    """A column of numbers.

    Raises:
        Unreadable: A cell is no number, below zero, or infinite.
    """
    values = _quickly(cells, decimal)
    if values is None:
        values = _one_by_one(cells, decimal)
    for wrong, expected in (
        (values < 0, "zero or more requests"),
        (np.isinf(values), "a finite number"),
    ):
        if wrong.any():
            raise Unreadable(int(wrong.argmax()), expected)
    return values


def _quickly(cells: pa.Array, decimal: str | None) -> npt.NDArray[np.float64] | None:
    if decimal == ",":
        if pc.any(pc.match_substring(cells, ".")).as_py():
            return None
        cells = pc.replace_substring(cells, ",", ".")
    try:
        return _floats(cells)
    except pa.ArrowInvalid:
        pass
    missing = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(cells)), value_set=_MISSING)
    try:
        return _floats(pc.if_else(missing, pa.scalar(None, pa.string()), cells))
    except pa.ArrowInvalid:
        return None


def _floats(cells: pa.Array) -> npt.NDArray[np.float64]:
    values: npt.NDArray[np.float64] = pc.cast(cells, pa.float64()).to_numpy(zero_copy_only=False)
    return values


def _one_by_one(cells: pa.Array, decimal: str | None) -> npt.NDArray[np.float64]:
    values = np.empty(len(cells))
    for index, text in enumerate(cells.to_pylist()):
        value = number(text, decimal)
        if value is None:
            raise Unreadable(index, "a number without a unit")
        values[index] = value
    return values
