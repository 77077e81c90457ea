"""What is said of an export: what was found in it, what was done to it, what is left open."""

import numpy as np

from rookery.cost import grid
from rookery.cost.grid import Booleans, Floats
from rookery.cost.refusal import Refusal
from rookery.cost.series import Reading, Series

_MOST_BESIDE = 0.1
_NONE = np.int8(0)  # of the narrow type, or the whole array becomes wide
_READ_AS = {
    "per-second": "requests a second",
    "per-minute": "requests a minute",
    "per-hour": "requests an hour",
    "count": "counts of {step:g} s each",
    "counter": "a counter",
}
_FILLED = {
    "zero": ", taken as zero",
    "previous": ", taken as the one before",
    "linear": ", interpolated",
    "spread": ", with what the counter rose by spread over them",
}


def said(found: Series, unit: str) -> str:
    """What was read, and as what."""
    names = list(found.grids)
    what = repr(names[0]) if len(names) == 1 else f"{len(names)} series, added"
    order = ", newest first," if found.newest_first else ""
    read_as = _READ_AS[unit].format(step=found.step_us / 1e6)
    return f"{found.name}: {_rows(found.tally.rows)}{order} of {what}, read as {read_as}"


def restarted(count: int) -> str:
    """That a counter began anew."""
    times = "once" if count == 1 else f"{count:,} times"
    return f"the counter began anew {times}, where only what it counted since then is known"


def remarks(found: Series, reading: Reading) -> list[str]:
    """What was found that is not as it should be, beside gaps and clashes."""
    tally = found.tally
    noted = list(found.remarks)
    if tally.repeat_count:
        done = "added" if reading.repeats == "sum" else "dropped"
        noted.append(
            f"{_rows(tally.repeat_count)} said again what another said"
            f" ({found.noun} {_listed(tally.repeats, tally.repeat_count)}), {done}"
        )
    if tally.beside_count:
        noted.append(
            f"{_rows(tally.beside_count)} beside the step of {found.step_us / 1e6:g} s"
            f" ({found.noun} {_listed(tally.beside, tally.beside_count)}), left out"
        )
    if tally.moved:
        noted.append(f"{_rows(tally.moved)} moved to the nearest step")
    if tally.empty:
        noted.append(f"{_rows(tally.empty)} without a value")
    if tally.clash_count and reading.repeats:
        noted.append(f"{_clashes(found)}: the {reading.repeats} was taken")
    return noted


def _clashes(found: Series) -> str:
    said = [
        f"{found.noun} {each.line} says {each.value:g} and {found.noun} {each.earlier_line}"
        f" {each.earlier:g} for {each.time}"
        for each in found.tally.clashes
    ]
    more = found.tally.clash_count - len(said)
    return ", ".join(said) + (f", and {more:,} more" if more else "")


def settle(found: Series, reading: Reading, remarks: list[str], *, gaps: bool) -> None:
    """Refuse what is left open, and say all that was found.

    Raises:
        Refusal: Something is.
    """
    tally, open_questions = found.tally, []
    if tally.clash_count and not reading.repeats:
        open_questions.append(
            f"{_clashes(found)}: settle it by --repeats first, last, max or sum"
            + (", or give the --timezone of local times" if found.naive else "")
            + ", or tell series apart by --label COLUMN"
        )
    if gaps:
        open_questions.append("say what happened in the gaps by --fill zero, previous or linear")
    if tally.beside_count > _MOST_BESIDE * tally.rows:
        open_questions.append("its times are not in even steps: aggregate them before the export")
    if reading.strict and remarks and not open_questions:
        open_questions.append("refused because of --strict")
    if open_questions:
        raise Refusal(f"{found.name}: " + "; ".join([*remarks, *open_questions]))


def gap(missing: Booleans, first: str, fill: str | None) -> str:
    """How many steps are missing, from when on, and what was done about them."""
    done = _FILLED[fill] if fill else ""
    return (
        f"{int(missing.sum()):,} of {missing.size:,} periods missing, the first at {first},"
        f" at most {longest(missing):,} in a row{done}"
    )


def longest(missing: Booleans) -> int:
    """The most steps that are missing in a row."""
    edges = np.flatnonzero(np.diff(missing.astype(np.int8), prepend=_NONE, append=_NONE))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def summary(rates: Floats, step_seconds: float, start_us: int) -> str:
    """What came out."""
    if not rates.any():
        return f"{rates.size:,} steps of {step_seconds:g} s without any traffic"
    return (
        f"{rates.size:,} steps of {step_seconds:g} s from {grid.shown(start_us)},"
        f" mean {rates.mean():.4g}/s, peak {rates.max():.4g}/s"
    )


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _listed(lines: list[int], count: int) -> str:
    return ", ".join(map(str, lines)) + (", …" if count > len(lines) else "")
