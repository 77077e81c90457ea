"""How often a schedule of a CronJob comes due."""

import datetime as dt
import re

from rookery.cost.quantities import HOURS_A_MONTH
from rookery.cost.refusal import Refusal

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_Field = tuple[str, int, int, dict[str, int]]

_FIELDS: tuple[_Field, ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: at for at, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 7, {name: at for at, name in enumerate(_DAYS)}),
)
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY = re.compile(r"@every (?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_PART = re.compile(r"(\*|\?|(\w+)(?:-(\w+))?)(?:/(\d+))?")
_YEARS = 4  # with one leap day
_MONTHS_COUNTED = 12 * _YEARS


def runs_a_month(schedule: str) -> float:
    """How often a schedule comes due in a mean month.

    Args:
        schedule: Five fields, or a macro, as Kubernetes takes them.

    Raises:
        Refusal: It is no schedule.
    """
    every = _EVERY.fullmatch(schedule.strip())
    if every and any(every.groups()):
        apart = sum(
            int(part or 0) * unit for part, unit in zip(every.groups(), (3600, 60, 1), strict=True)
        )
        return HOURS_A_MONTH * 3600 / max(apart, 1)
    text = re.sub(r"^(CRON_)?TZ=\S+\s+", "", schedule.strip())
    parts = _MACROS.get(text, text).lower().split()
    if len(parts) != len(_FIELDS):
        raise Refusal(f"the schedule {schedule!r} has {len(parts)} fields: cron has five")
    minutes, hours, days, months, weekdays = (
        _values(part, field, schedule) for part, field in zip(parts, _FIELDS, strict=True)
    )
    both = not (parts[2].startswith(("*", "?")) or parts[4].startswith(("*", "?")))
    due = sum(_due(day, days, months, weekdays, either=both) for day in _calendar())
    return due * len(minutes) * len(hours) / _MONTHS_COUNTED


def _calendar() -> list[dt.date]:
    first = dt.date(2024, 1, 1)
    return [first + dt.timedelta(days=day) for day in range(365 * _YEARS + 1)]


def _due(
    day: dt.date, days: set[int], months: set[int], weekdays: set[int], *, either: bool
) -> bool:
    """Whether it comes due on `day`: of two restricted days one is enough, as cron has it."""
    fits = day.day in days, day.isoweekday() % 7 in {each % 7 for each in weekdays}
    return day.month in months and (any(fits) if either else all(fits))


def _values(text: str, field: _Field, schedule: str) -> set[int]:
    return set().union(*(_range(part, field, schedule) for part in text.split(",")))


def _range(text: str, field: _Field, schedule: str) -> range:
    name, low, high, names = field
    match = _PART.fullmatch(text)
    try:
        if not match:
            raise ValueError  # noqa: TRY301  # the sentence is the same
        first, last = low, high
        if match[2]:
            first = names[match[2]] if match[2] in names else int(match[2])
            last = high if match[4] else first
        if match[3]:
            last = names[match[3]] if match[3] in names else int(match[3])
        found = range(first, last + 1, int(match[4] or 1))
    except ValueError:
        raise Refusal(f"the schedule {schedule!r} has {text!r} as {name}: that is none") from None
    if not found or first < low or last > high:
        raise Refusal(f"the schedule {schedule!r} has {text!r} as {name}: give {low} to {high}")
    return found
