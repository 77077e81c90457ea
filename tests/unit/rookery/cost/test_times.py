"""Times as people and tools write them."""

import datetime as dt
import zoneinfo

import numpy as np
import pyarrow as pa
import pytest

from rookery.cost import times
from rookery.cost.numbers import Unreadable
from rookery.cost.refusal import Refusal

NOON = 1_772_452_800  # 2026-03-02T12:00:00Z
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def seconds(*texts, clock=None):
    """What a clock reads, in seconds since 1970."""
    read = (clock or times.Clock()).read(pa.array(texts), np.zeros(len(texts), np.int64))
    return (read / 1e6).tolist()


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02T12:00:00Z",
        "2026-03-02 12:00:00",
        " 2026-03-02 12:00 ",
        "2026-03-02T13:00:00+01:00",
        "2026-03-02T13:00:00+0100",
        "2026-03-02 13:00:00 +0100 CET",
        "2026-03-02 12:00:00 UTC",
        "2026-03-02 12:00:00 GMT",
        "2026/03/02 12:00:00",
        "2026-03-02T12:00:00.000000000Z",
        "2026-03-02 12:00:00,000",
        "1772452800",
        "1772452800.0",
        "1772452800000",
        "1772452800000000",
        "1772452800000000000",
    ],
)
def test_recognised(text):
    """Each of these is the same noon."""
    assert times.is_time(text)
    assert [NOON, NOON] == seconds(text, text)


def test_date_alone():
    """A day begins at midnight."""
    assert [NOON - 12 * 3600] == seconds("2026-03-02")


@pytest.mark.parametrize("text", ["", "noon", "12", "2026-03", "20260302", "1,5", "0.25"])
def test_not_recognised(text):
    """These are no times, and mere numbers are none."""
    assert not times.is_time(text)


def test_written():
    """A date for people is told from a number."""
    assert times.is_written("2026-03-02")
    assert not times.is_written("1772452800")


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["31/03/2026 12:00"], "%d/%m/%Y %H:%M"),
        (["03/31/2026 12:00:00"], "%m/%d/%Y %H:%M:%S"),
        (["01.03.2026 12:00", "13.03.2026 12:00"], "%d.%m.%Y %H:%M"),
        (["03/31/2026, 1:00:00 PM"], "%m/%d/%Y, %I:%M:%S %p"),
        (["2026-03-02"], None),
    ],
)
def test_day_format(texts, found):
    """Day and month are told apart by a number above twelve."""
    assert found == times.day_format(texts)


def test_day_or_month():
    """Without one it is asked."""
    with pytest.raises(Refusal, match="day or month first"):
        times.day_format(["01/02/2026 12:00"])


@pytest.mark.parametrize(
    ("text", "time_format"),
    [
        ("02.03.2026 12:00", "%d.%m.%Y %H:%M"),
        ("02.03.2026 13:00 +0100", "%d.%m.%Y %H:%M %z"),
    ],
)
def test_format_told(text, time_format):
    """A format is that of strptime, with a zone or without."""
    assert [NOON] == seconds(text, clock=times.Clock(time_format=time_format))


@pytest.mark.parametrize(
    ("texts", "index"),
    [
        (["2026-03-02", "tomorrow"], 1),
        (["tomorrow", "2026-03-02"], 0),
        (["2026-03-02T12:00:00Z", "2026-03-02T12:00:00"], 1),
        (["1772452800", "1772452860", "noon"], 2),
        (["2026-03-02T12:00:00", "2026-02-30T12:00:00"], 0),
    ],
)
def test_unreadable(texts, index):
    """The first cell that is no time, or that is written otherwise than the first, is named."""
    with pytest.raises(Unreadable) as error:
        seconds(*texts)

    assert index == error.value.index


def test_unreadable_by_format():
    """So is one that does not have the format told."""
    with pytest.raises(Unreadable, match="%Y"):
        seconds("x", clock=times.Clock(time_format="%Y"))


def local(*texts, **told):
    """What a clock of Berlin reads, as hours of UTC."""
    read = seconds(*texts, clock=times.Clock(BERLIN, **told))
    return [dt.datetime.fromtimestamp(each, dt.UTC).strftime("%H:%M") for each in read]


TWICE = [f"2026-10-25 02:{minute}" for _ in range(2) for minute in ("00", "30")]


def test_repeated_hour():
    """The second time that a clock shows an hour is an hour later, in either order."""
    assert ["00:00", "00:30", "01:00", "01:30"] == local(*TWICE)
    assert ["01:30", "01:00", "00:30", "00:00"] == local(*TWICE[::-1], newest_first=True)


def test_repeated_hour_of_each_year():
    """What was the second time in one year is not so in the next."""
    years = [*TWICE, *(text.replace("2026-10-25", "2027-10-31") for text in TWICE)]

    assert ["00:00", "00:30", "01:00", "01:30"] * 2 == local(*years)


def test_repeated_hour_of_each_series():
    """Each series has its own clock."""
    clock = times.Clock(BERLIN)
    cells, codes = [TWICE[0], TWICE[0], TWICE[2], TWICE[2]], np.array([0, 1, 0, 1])
    read = clock.read(pa.array(cells), codes)

    assert [0, 0, 3600, 3600] == ((read - read[0]) / 1e6).tolist()


def test_hour_that_no_clock_showed():
    """A local time that was skipped is of another zone."""
    with pytest.raises(Unreadable, match="Europe/Berlin has"):
        local("2026-03-29 01:30", "2026-03-29 02:30")


def test_zone_named():
    """A zone is known by its name."""
    assert BERLIN == times.zone_named("Europe/Berlin")
    for wrong in ("Mars/Olympus", "../etc", ""):
        with pytest.raises(Refusal, match="Europe/Berlin or UTC"):
            times.zone_named(wrong)
