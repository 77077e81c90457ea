"""Which column of a table is the time, which the traffic, and in what unit."""

import re
from dataclasses import dataclass

from rookery.cost import numbers, times
from rookery.cost.refusal import Refusal
from rookery.cost.table import Column

_TIME = re.compile(
    r"@?_*((unix_?)?time|timestamp|date|date_?time|ts|start|period|epoch)_*", re.IGNORECASE
)
_LOOKED_AT = 1000

# By the first that is found in a heading; `rate(http_requests_total[1m])` is a rate.
_UNITS = (
    ("per-second", r"rate\(|/ ?s(ec(ond)?)?\b|per[ _-]?sec|\b(rps|qps|tps|reqps|cps)\b|_rps\b"),
    ("per-minute", r"/ ?min(ute)?\b|per[ _-]?min|\b(rpm|qpm|tpm|reqpm|cpm)\b"),
    ("per-hour", r"/ ?h(our)?\b|per[ _-]?hour"),
    ("count", r"increase\("),
    ("counter", r"^\w+_(total|count)(\{.*\})?$"),
    ("count", r"count|requests|hits|calls|invocations|\bsum\b|\bnumber\b"),
)
UNITS = ("per-second", "per-minute", "per-hour", "count", "counter")


@dataclass(frozen=True)
class Roles:
    """What each column is for, by its index.

    Attributes:
        time: when.
        values: the traffic; several are several series.
        labels: whose values tell series apart.
        decimal: the mark of the decimals; None if no comma was seen.
    """

    time: int
    values: list[int]
    labels: list[int]
    decimal: str | None


def roles_of(
    name: str,
    columns: list[Column],
    time_column: str | None = None,
    labels: tuple[str, ...] = (),
    decimal: str | None = None,
) -> Roles:
    """What each of `columns` is for.

    Args:
        name: What the file is called in sentences.
        columns: The columns, with their first cells.
        time_column: The name of the time's column, when it is not to be found.
        labels: Columns that tell series apart although they hold numbers.
        decimal: The mark of the decimals, when it is not to be found.

    Raises:
        Refusal: There is no such column, or more than one could be the time.
    """
    time = _named(columns, time_column) if time_column else _time(name, columns)
    labelled = {_named(columns, label) for label in labels}
    others = [at for at in range(len(columns)) if at != time and at not in labelled]
    values = [at for at in others if _is_numeric(columns[at]) and not _is_titled(columns[at])]
    texts = [at for at in others if not (_is_time(columns[at]) or _is_numeric(columns[at]))]
    if not values:
        seen = columns[others[0]].cells[0] if others else ""
        raise Refusal(
            f"{name} has no column of numbers beside the time; a cell is {seen!r}:"
            " export it without units"
        )
    cells = [cell for at in values for cell in columns[at].cells[:_LOOKED_AT]]
    mark = decimal or numbers.decimal_mark(cells)
    return Roles(time, values, sorted(labelled | set(texts)), mark)


def _named(columns: list[Column], name: str) -> int:
    names = [column.name for column in columns]
    if name not in names:
        raise Refusal(f"there is no column {name!r}: the columns are {', '.join(names)}")
    return names.index(name)


def _time(name: str, columns: list[Column]) -> int:
    found = [at for at, column in enumerate(columns) if _is_time(column)]
    written = [at for at in found if times.is_written(columns[at].cells[0])]
    titled = [at for at in written or found if _is_titled(columns[at])]
    for candidates in (written, titled, found):
        if len(candidates) == 1:
            return candidates[0]
    listed = ", ".join(columns[at].name for at in found)
    raise Refusal(f"{name} has several columns with times: say by --time-column which of {listed}")


def _is_titled(column: Column) -> bool:
    return bool(_TIME.fullmatch(column.name))


def _is_time(column: Column) -> bool:
    return times.is_time(column.cells[0])


def _is_numeric(column: Column) -> bool:
    cells = [
        cell for cell in column.cells[:_LOOKED_AT] if cell.strip().lower() not in numbers.MISSING
    ]
    readable = sum(map(numbers.is_number, cells))
    return readable > 0 and 2 * readable >= len(cells)  # a few odd ones are named by their line


def unit_of(words: str) -> str | None:
    """The unit that a heading tells, one of `UNITS`; None if it tells none."""
    found = (unit for unit, sign in _UNITS if re.search(sign, words, re.IGNORECASE))
    return next(found, None)
