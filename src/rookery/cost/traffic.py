"""Traffic: exports and queries in, evenly stepped requests a second out."""

import datetime as dt
from dataclasses import dataclass

import numpy as np

from rookery.cost import account, exports, grid, roles
from rookery.cost.grid import Booleans, Floats
from rookery.cost.refusal import Refusal
from rookery.cost.rows import read_rows
from rookery.cost.series import Reading, Series, of_points
from rookery.cost.table import HEAD_BYTES, Table, opened

FILLS = ("zero", "previous", "linear")
REPEATS = ("first", "last", "max", "sum")
_RISING = 0.9
_LOOKED_AT = 100_000
_FEW, _SHORT = 0.01, 2  # of all steps; steps in a row
_SECONDS = {"per-second": 1, "per-minute": 60, "per-hour": 3600}


@dataclass(frozen=True)
class Traffic:
    """Requests over time.

    Attributes:
        start: when the first step begins, in UTC.
        step_seconds: the length of every step.
        rates_rps: requests a second, the mean of each step; shape (steps,).
        note: what was read and what was done to it, in one line.
    """

    start: dt.datetime
    step_seconds: float
    rates_rps: Floats
    note: str


def read(path: str, reading: Reading | None = None) -> Traffic:
    """Read an export: CSV or JSON, plain or gzip; `-` is the standard input.

    Args:
        path: The file.
        reading: What cannot be told from the file; see `Reading`.

    Raises:
        Refusal: The file is not clear; the sentence has the line and the way out.
    """
    reading = reading or Reading()
    with opened(path) as (name, stream):
        head = stream.read(HEAD_BYTES)
        if head[:1] in (b"{", b"["):
            points = exports.read(name, head + stream.read(exports.MOST_BYTES))
            return even(of_points(name, points, reading), reading)
        return even(read_rows(Table(name, head, stream), reading), reading)


def even(found: Series, reading: Reading) -> Traffic:
    """Put what was found on even steps, as requests a second.

    Raises:
        Refusal: Something in it is not settled by `reading`.
    """
    grids = _chosen(found, reading)
    first, last = min(each.first for each in grids), max(each.last for each in grids)
    if last - first < 1:
        raise Refusal(f"{found.name} has one time only: its step needs at least two rows")
    unit = _unit(found, reading, grids[0].between(first, last)[:_LOOKED_AT])
    rates, missing, restarts = _sum(grids, first, last, unit, found.step_us / 1e6)
    start_us = found.origin_us + first * found.step_us
    remarks = account.remarks(found, reading)
    if restarts:
        remarks.append(account.restarted(restarts))
    fill = _how_to_fill(missing, reading.fill, unit)
    if missing.any():
        at = grid.shown(start_us + int(missing.argmax()) * found.step_us)
        remarks.append(account.gap(missing, at, fill))
    account.settle(found, reading, remarks, gaps=bool(missing.any() and not fill))
    if missing.any():
        _fill(rates, missing, fill)
    rates, step_seconds, coarser = _coarser(rates, found.step_us / 1e6, reading.step_seconds)
    said = account.said(found, unit)
    note = [said, *coarser, *remarks, account.summary(rates, step_seconds, start_us)]
    return Traffic(grid.moment(start_us), step_seconds, rates, "; ".join(note))


def _chosen(found: Series, reading: Reading) -> list[grid.Grid]:
    if len(found.grids) == 1 or reading.sum or reading.series or found.queried:
        return list(found.grids.values())
    names = list(found.grids)
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    raise Refusal(
        f"{found.name} has {len(names)} series: {', '.join(map(repr, names[:10]))}{more}:"
        " choose by --series NAME, which may be repeated, or add all by --sum"
    )


def _unit(found: Series, reading: Reading, values: Floats) -> str:
    """The unit, as told or as the headings tell it."""
    if reading.unit:
        return reading.unit
    units = {roles.unit_of(words) for words in found.words}
    unit = units.pop() if len(units) == 1 else None
    if unit == "counter" and _rises(values):
        raise Refusal(
            f"{found.name}: {found.words[0]!r} looks like a counter, it only rises:"
            " say --counter, or --unit count if each row counts anew"
        )
    if unit == "counter":
        return "count"
    whole = bool((values[~np.isnan(values)] % 1 == 0).all()) and np.nansum(values) > 0
    if unit is None and whole and not found.queried:
        raise Refusal(
            f"{found.name}: nothing tells whether {found.words[0]!r} is a rate or a count:"
            " say --unit per-second or --unit count"
        )
    return unit or "per-second"


def _rises(values: Floats) -> bool:
    grown = np.diff(values[~np.isnan(values)])
    return grown.size > 0 and float((grown > 0).mean()) >= _RISING


def _sum(
    grids: list[grid.Grid], first: int, last: int, unit: str, step_seconds: float
) -> tuple[Floats, Booleans, int]:
    """Requests a second of all series together, the steps that none has, and the restarts."""
    counter = unit == "counter"
    total, restarts = np.zeros(last - first + 1 - counter), 0
    missing = np.ones(total.size, bool)
    for each in grids:
        values = each.between(first, last)
        missing &= np.isnan(values[int(counter) :])
        if counter:
            values, began = grid.increases(values)
            restarts += began
        total += np.nan_to_num(values, copy=False)
    if missing.all():
        raise Refusal("no row has a value: export it again, over a time with traffic")
    total /= _SECONDS.get(unit, step_seconds)
    return total, missing, restarts


def _how_to_fill(missing: Booleans, told: str | None, unit: str) -> str | None:
    """As told; a few short gaps are interpolated unasked. A counter tells itself what it missed."""
    few = missing.mean() <= _FEW and account.longest(missing) <= _SHORT
    fill = told or ("linear" if few else None)
    return "spread" if fill and unit == "counter" else fill


def _fill(rates: Floats, missing: Booleans, fill: str | None) -> None:
    """Put into `rates` what `fill` says of the steps that are missing."""
    seen, gaps = np.flatnonzero(~missing), np.flatnonzero(missing)
    if fill == "linear":
        rates[gaps] = np.interp(gaps, seen, rates[seen])
    elif fill == "previous":
        rates[gaps] = rates[seen[np.maximum(np.searchsorted(seen, gaps) - 1, 0)]]


def _coarser(
    rates: Floats, step_seconds: float, wanted_seconds: float | None
) -> tuple[Floats, float, list[str]]:
    if wanted_seconds is None or wanted_seconds == step_seconds:
        return rates, step_seconds, []
    times = round(wanted_seconds / step_seconds)
    if times < 1 or abs(times * step_seconds - wanted_seconds) > 1e-6 or times > rates.size:
        raise Refusal(
            f"--step is {wanted_seconds:g} s and the rows are {step_seconds:g} s apart: give a"
            f" multiple, at most {step_seconds * rates.size:g}"
        )
    whole = rates.size // times * times
    rest = rates.size - whole
    remark = f"means of {times} rows" + (f", the last {rest} left out" if rest else "")
    return rates[:whole].reshape(-1, times).mean(axis=1), wanted_seconds, [remark]
