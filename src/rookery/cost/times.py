"""Timestamps as people and tools write them, as microseconds since 1970 in UTC."""

import datetime as dt
import re
import zoneinfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from rookery.cost.numbers import Unreadable
from rookery.cost.refusal import Refusal

Microseconds = npt.NDArray[np.int64]

_EPOCH = re.compile(r"\d{9,10}(\.\d+)?|\d{12,13}(\.\d+)?|\d{15,16}|\d{18,19}")
_ISO = re.compile(
    r"\d{4}([-/])\d{2}\1\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?)?"
    r" ?(Z|UTC|GMT|[-+]\d{2}(:?\d{2})?( [A-Z]{2,5})?)?"
)
_DAY = re.compile(
    r"(\d{1,2})([/.])(\d{1,2})\2\d{4}(?P<gap>,? )\d{1,2}:\d{2}(?P<seconds>:\d{2})?(?P<half> [AP]M)?"
)
# an epoch below the bound is of that many to the second
_EPOCH_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (float("inf"), 1_000_000_000))
_NEIGHBOURHOOD_US = 6 * 3600 * 1_000_000
_QUARTER_US = 900 * 1_000_000
_EXPECTED = "a time, as 2026-03-02T00:00:00Z or seconds since 1970"


def is_time(text: str) -> bool:
    """Whether `text` can be read as a time."""
    text = text.strip()
    return any(shape.fullmatch(text) for shape in (_EPOCH, _ISO, _DAY))


def is_written(text: str) -> bool:
    """Whether `text` is a date for people, and no mere number."""
    return is_time(text) and not _EPOCH.fullmatch(text.strip())


def zone_named(name: str) -> zoneinfo.ZoneInfo:
    """The time zone of that name.

    Raises:
        Refusal: There is none.
    """
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Refusal(f"timezone is {name!r}: give a name as Europe/Berlin or UTC") from None


def day_format(cells: list[str]) -> str | None:
    """The format of dates that begin with day or month; None for other times.

    Raises:
        Refusal: Nothing tells the day from the month.
    """
    found = [match for text in cells if (match := _DAY.fullmatch(text.strip()))]
    if not found:
        return None
    first, second = (max(int(match[group]) for match in found) for group in (1, 3))
    if first <= 12 and second <= 12:
        raise Refusal(
            f"{found[0][0]!r} may be day or month first: say it, as --time-format %d/%m/%Y …"
        )
    shape = found[0]
    days = ("%d", "%m") if first > 12 else ("%m", "%d")
    clock = ("%I" if shape["half"] else "%H") + ":%M" + (":%S" if shape["seconds"] else "")
    return f"{shape[2].join((*days, '%Y'))}{shape['gap']}{clock}{' %p' if shape['half'] else ''}"


class Clock:
    """Reads the times of one file, block after block.

    Args:
        zone: The zone of times that name none.
        time_format: A strptime format, for what is not recognised by itself.
        newest_first: Whether the file goes backwards, which decides the order of a repeated hour.

    Attributes:
        naive: whether times without a zone were seen.
    """

    def __init__(
        self,
        zone: dt.tzinfo = dt.UTC,
        time_format: str | None = None,
        *,
        newest_first: bool = False,
    ) -> None:
        self._zone, self._format, self._newest_first = zone, time_format, newest_first
        self._repeated: dict[int, tuple[int, int]] = {}
        self.naive = False

    def read(self, cells: pa.Array, series: npt.NDArray[np.int64]) -> Microseconds:
        """The times of a block, and of which series each is.

        Raises:
            Unreadable: A cell is no time, or one that its zone does not have.
        """
        if self._format:
            return self._by_format(cells, self._format, series)
        cells = pc.utf8_trim_whitespace(cells)
        if _EPOCH.fullmatch(cells[0].as_py()):
            return _epochs(cells)
        for candidate in (cells, _normal(cells)):
            for zone in ("UTC", None):
                try:
                    read = pc.cast(candidate, pa.timestamp("ns", zone))
                except pa.ArrowInvalid:
                    continue
                times = read.cast(pa.int64()).to_numpy() // 1000
                return times if zone else self._in_zone(times, series)
        raise Unreadable(_first_odd(cells), _EXPECTED)

    def _by_format(
        self, cells: pa.Array, time_format: str, series: npt.NDArray[np.int64]
    ) -> Microseconds:
        times = np.empty(len(cells), np.int64)
        for index, text in enumerate(cells.to_pylist()):
            try:
                time = dt.datetime.strptime(text.strip(), time_format)  # noqa: DTZ007  # see below
            except ValueError:
                raise Unreadable(index, f"a time as {time_format}") from None
            aware = time.tzinfo is not None
            times[index] = _microseconds(time if aware else time.replace(tzinfo=dt.UTC))
        return times if aware else self._in_zone(times, series)

    def _in_zone(self, local: Microseconds, series: npt.NDArray[np.int64]) -> Microseconds:
        self.naive = True
        if self._zone is dt.UTC:
            return local
        earlier, later = self._offsets(local)
        if (earlier < later).any():
            raise Unreadable(int((earlier < later).argmax()), f"a time that {self._zone} has")
        offsets = earlier.copy()
        for index in np.flatnonzero(earlier > later):
            if self._second_time(int(series[index]), int(local[index])):
                offsets[index] = later[index]
        return local - offsets

    def _offsets(self, local: Microseconds) -> tuple[Microseconds, Microseconds]:
        """The zone's offsets, of the first and the second time that a clock shows `local`."""
        quarters, inverse = np.unique(local // _QUARTER_US, return_inverse=True)
        offsets = [[self._offset(int(quarter), fold) for quarter in quarters] for fold in (0, 1)]
        first, second = (np.array(each, np.int64)[inverse] for each in offsets)
        return first, second

    def _offset(self, quarter: int, fold: int) -> int:
        shown = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=quarter * 900)  # noqa: DTZ001
        offset = self._zone.utcoffset(shown.replace(fold=fold)) or dt.timedelta()
        return int(offset.total_seconds()) * 1_000_000

    def _second_time(self, series: int, local: int) -> bool:
        """Whether a repeated local time is the second of its kind: the clock went back before."""
        start = int(self._newest_first)
        last, fold = self._repeated.get(series, (local, start))
        forwards = -1 if self._newest_first else 1
        if abs(local - last) > _NEIGHBOURHOOD_US:
            fold = start
        elif series in self._repeated and (local - last) * forwards <= 0:
            fold = 1 - start
        self._repeated[series] = local, fold
        return bool(fold)


def _microseconds(time: dt.datetime) -> int:
    return (time - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def _epochs(cells: pa.Array) -> Microseconds:
    try:
        whole = pc.cast(cells, pa.int64()).to_numpy()
    except pa.ArrowInvalid:
        return _fractional_epochs(cells)
    per_second = _per_second(whole[0])
    if per_second > 1_000_000:
        return np.asarray(whole // (per_second // 1_000_000))
    return np.asarray(whole * (1_000_000 // per_second))


def _fractional_epochs(cells: pa.Array) -> Microseconds:
    try:
        values = pc.cast(cells, pa.float64()).to_numpy()
    except pa.ArrowInvalid:
        raise Unreadable(_first_odd(cells), _EXPECTED) from None
    times: Microseconds = np.rint(values * (1_000_000 / _per_second(values[0]))).astype(np.int64)
    return times


def _per_second(value: float) -> int:
    return next(unit for bound, unit in _EPOCH_UNITS if value < bound)


def _normal(cells: pa.Array) -> pa.Array:
    """ISO 8601 of what is nearly that: slashes, decimal commas, names of zones."""
    for pattern, replacement in (
        (r"^(\d{4})/(\d{2})/(\d{2})", r"\1-\2-\3"),
        (r"(:\d{2}),(\d+)", r"\1.\2"),
        (r" ?(UTC|GMT)$", "Z"),
        (r" ?([-+]\d{2})(:?\d{2})?( [A-Z]{2,5})?$", r"\1\2"),
    ):
        cells = pc.replace_substring_regex(cells, pattern, replacement)
    return cells


def _first_odd(cells: pa.Array) -> int:
    """The first cell that is no time, or is written otherwise than the first."""
    shapes = [_shape(text) for text in cells.to_pylist()]
    odd = (at for at, shape in enumerate(shapes) if not shape or shape != shapes[0])
    return next(odd, 0)


def _shape(text: str) -> str | None:
    if _EPOCH.fullmatch(text):
        return "a number"
    match = _ISO.fullmatch(text)
    return match and ("with a zone" if match[5] else "without a zone")
