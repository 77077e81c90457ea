"""Rows in any order onto even steps: what fits, what is missing, twice, or beside the step."""

import datetime as dt
from collections.abc import Sized
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rookery.cost.refusal import Refusal

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]

MAX_SLOTS = 1 << 25  # a year by seconds; 12 bytes each
_NAMED = 5


@dataclass(frozen=True)
class Clash:
    """Two values for one time."""

    time: str
    earlier_line: int
    earlier: float
    line: int
    value: float


@dataclass
class Tally:
    """What was found in the rows of one file; of each kind, the first few are named.

    Attributes:
        rows: how many there were.
        empty: rows without a value.
        moved: rows so near to a step that they were taken for it.
        beside: lines between two steps, which were left out.
        repeats: lines that say again what another said.
        clashes: lines that say something else than another.
        slots: how many steps the grids have, all together.
    """

    rows: int = 0
    empty: int = 0
    moved: int = 0
    beside: list[int] = field(default_factory=list)
    beside_count: int = 0
    repeats: list[int] = field(default_factory=list)
    repeat_count: int = 0
    clashes: list[Clash] = field(default_factory=list)
    clash_count: int = 0
    slots: int = 0


def step_of(times_us: Integers, series: Integers) -> int | None:
    """The step that most neighbours of a series keep, in microseconds; None for single rows."""
    order = np.lexsort((times_us, series))
    apart = np.diff(times_us[order])
    apart = apart[(np.diff(series[order]) == 0) & (apart > 0)]
    if not apart.size:
        return None
    steps, counts = np.unique(apart, return_counts=True)
    most = int(counts.argmax())
    if 2 * counts[most] >= apart.size:
        return int(steps[most])
    # none has the majority: clocks tremble; the median to the second
    middle = float(np.median(apart))
    return max(round(middle / 1e6), 1) * 1_000_000 if middle > 5e5 else int(middle)


class Grid:
    """One series on even steps.

    Args:
        origin_us: A time that is on a step.
        step_us: The step.
        repeats: What a time that comes twice with two values means; see `traffic.Reading`.
        tally: Where oddities are counted.
    """

    def __init__(self, origin_us: int, step_us: int, repeats: str | None, tally: Tally) -> None:
        self._origin, self._step, self._repeats, self._tally = origin_us, step_us, repeats, tally
        self._values = np.empty(0)
        self._lines = np.empty(0, np.int32)
        self._offset = 0  # the slot of the first element
        self.first, self.last = 0, -1  # the slots in use

    def add(self, times_us: Integers, values: Floats, lines: Integers) -> None:
        """Put rows where they belong."""
        there = ~np.isnan(values)
        slots = (times_us - self._origin + self._step // 2) // self._step
        aside = times_us - self._origin - slots * self._step
        beside = there & (4 * np.abs(aside) > self._step)
        self._tally.empty += int(values.size - there.sum())
        self._tally.moved += int((there & ~beside & (aside != 0)).sum())
        self._tally.beside_count += int(beside.sum())
        self._tally.beside += _few(lines[beside], self._tally.beside)
        if beside.all():
            return
        self._reach(slots[~beside], lines[~beside])
        keep = there & ~beside
        self._put(slots[keep] - self._offset, values[keep], lines[keep])

    def _reach(self, slots: Integers, lines: Integers) -> None:
        """Make room for `slots`."""
        low, high = int(slots.min()), int(slots.max())
        if self.last >= self.first:
            low, high = min(low, self.first), max(high, self.last)
        self._tally.slots += (high - low) - (self.last - self.first)
        self.first, self.last = low, high
        if low >= self._offset and high < self._offset + self._values.size:
            return
        size = high - low + 1
        if self._tally.slots > MAX_SLOTS:
            raise Refusal(
                f"line {lines[int(np.abs(slots).argmax())]} is too much: this series has {size:,}"
                f" steps of {self._step / 1e6:g} s from {self.time(low)} to {self.time(high)}, all"
                f" have {self._tally.slots:,}, and {MAX_SLOTS:,} fit: give fewer series, a shorter"
                " time or longer steps"
            )
        self._move(low, high + 1, size // 4)

    def _move(self, low: int, end: int, spare: int) -> None:
        """Hold the slots from `low` to `end`, with something to spare on the side that grows."""
        size = self._values.size
        if not size:
            self._offset = low
        elif low < self._offset:
            low -= spare
            ahead = self._offset - low
            self._values = np.concatenate((np.full(ahead, np.nan), self._values))
            self._lines = np.concatenate((np.zeros(ahead, np.int32), self._lines))
            self._offset, size = low, size + ahead
        if end - self._offset > size:
            # in place: a copy beside the original would double the peak
            room = end - self._offset + spare
            self._values.resize(room, refcheck=False)
            self._values[size:] = np.nan
            self._lines.resize(room, refcheck=False)

    def _put(self, at: Integers, values: Floats, lines: Integers) -> None:
        order = np.argsort(at, kind="stable")
        again = np.zeros(at.size, bool)
        again[order[1:]] = at[order[1:]] == at[order[:-1]]
        new = ~again & np.isnan(self._values[at])
        self._values[at[new]], self._lines[at[new]] = values[new], lines[new]
        if not new.all():
            self._put_again(at[~new], values[~new], lines[~new])

    def _put_again(self, at: Integers, values: Floats, lines: Integers) -> None:
        same = values == self._values[at]
        self._tally.repeat_count += int(same.sum())
        self._tally.repeats += _few(lines[same], self._tally.repeats)
        self._tally.clash_count += int((~same).sum())
        for index in _few(np.flatnonzero(~same), self._tally.clashes):
            self._tally.clashes.append(
                Clash(
                    self.time(int(at[index]) + self._offset),
                    int(self._lines[at[index]]),
                    float(self._values[at[index]]),
                    int(lines[index]),
                    float(values[index]),
                )
            )
        if self._repeats == "last":
            self._values[at] = values
        elif self._repeats == "max":
            np.maximum.at(self._values, at, values)
        elif self._repeats == "sum":
            np.add.at(self._values, at, values)

    def time(self, slot: int) -> str:
        """When a slot begins, for people."""
        return shown(self._origin + slot * self._step)

    def between(self, first: int, last: int) -> Floats:
        """The values from slot `first` to slot `last`, NaN where there is none; perhaps its own."""
        if self._offset <= first and last < self._offset + self._values.size:
            return self._values[first - self._offset : last + 1 - self._offset]
        found = np.full(last - first + 1, np.nan)
        start = self._offset - first
        low, high = max(start, 0), min(start + self._values.size, found.size)
        found[low:high] = self._values[low - start : high - start]
        return found


def _few(found: Integers, named: Sized) -> list[int]:
    """As many of what was found as may still be named."""
    few: list[int] = found[: _NAMED - len(named)].tolist()
    return few


def moment(time_us: int) -> dt.datetime:
    """A time in UTC."""
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=time_us)


def shown(time_us: int) -> str:
    """A time in UTC, as ISO 8601."""
    return moment(time_us).isoformat().replace("+00:00", "Z")


def increases(counter: Floats) -> tuple[Floats, int]:
    """What a counter grew by in each step, one element fewer, and how often it began anew.

    After a restart only what it counted since then is known. A gap's increase is spread over it.
    """
    seen = np.flatnonzero(~np.isnan(counter))
    grown = np.diff(counter[seen])
    restarted = grown < 0
    grown[restarted] = counter[seen][1:][restarted]
    steps = np.diff(seen)
    rates = np.full(counter.size - 1, np.nan)
    rates[seen[0] : seen[-1]] = np.repeat(grown / steps, steps)
    return rates, int(restarted.sum())
