"""How often a schedule comes due."""

import pytest

from rookery.cost.cron import runs_a_month
from rookery.cost.refusal import Refusal

MONTH = 1461 / 48  # days


@pytest.mark.parametrize(
    ("schedule", "runs"),
    [
        ("* * * * *", MONTH * 1440),
        ("*/5 * * * *", MONTH * 288),
        ("0 3 * * *", MONTH),
        ("0 8-18/2 * * mon-fri", 1044 / 48 * 6),
        ("0,30 0 1 * *", 2),
        ("5/20 * * * *", MONTH * 72),
        ("0 0 29 2 *", 1 / 48),
        ("0 0 1 * 7", (48 + 209 - 7) / 48),
        ("0 0 1 jan ?", 1 / 12),
        ("@hourly", MONTH * 24),
        ("@every 1h30m", 730 / 1.5),
        ("TZ=Europe/Berlin 0 3 * * *", MONTH),
    ],
)
def test_runs(schedule, runs):
    """By the calendar of four years."""
    assert pytest.approx(runs, rel=0.01) == runs_a_month(schedule)


@pytest.mark.parametrize(
    "schedule",
    [
        "",
        "* * * *",
        "60 * * * *",
        "* * 0 * *",
        "x * * * *",
        "*/0 * * * *",
        "5-1 * * * *",
        "@every",
        "1-2-3 * * * *",
    ],
)
def test_no_schedule(schedule):
    """Anything else is refused."""
    with pytest.raises(Refusal, match="the schedule"):
        runs_a_month(schedule)
