"""Exports as people have them become even steps, or a sentence with the line and the way out."""

import gzip
import io
import sys

import numpy as np
import pytest
from tests.support import ROOT

from rookery.cost.refusal import Refusal
from rookery.cost.series import Reading
from rookery.cost.traffic import read

CASES = ROOT / "tests/data/traffic"


def case(name, **told):
    """The traffic of a file of the cases."""
    return read(str(CASES / name), Reading(**told))


def refused(name, **told):
    """Why a file of the cases is refused."""
    with pytest.raises(Refusal) as refusal:
        case(name, **told)
    return str(refusal.value)


@pytest.fixture
def csv(tmp_path):
    """Reads lines as a file."""

    def reads(*lines, **told):
        path = tmp_path / "traffic.csv"
        path.write_bytes("\n".join(lines).encode())
        return read(str(path), Reading(**told))

    return reads


@pytest.fixture
def why_not(csv):
    """The sentence by which lines are refused."""

    def refuses(*lines, **told):
        with pytest.raises(Refusal) as refusal:
            csv(*lines, **told)
        return str(refusal.value)

    return refuses


MINUTES = [f"2026-03-02T00:{minute:02}:00Z" for minute in range(60)]


def rows(values, heading="time,rps", times=MINUTES):
    """Lines of one series."""
    return heading, *(f"{time},{value}" for time, value in zip(times, values, strict=False))


def test_case_c01_series_as_rows():
    """Two series at one time are no repeats: they are named, and added when told."""
    added = case("C01-grafana-series-rows.csv", sum=True)
    one = case("C01-grafana-series-rows.csv", series=("api 2xx",))

    assert "2 series: 'api 2xx', 'api 5xx'" in refused("C01-grafana-series-rows.csv")
    assert (6, 60, 55.5, 83) == figures(added)
    assert "2026-03-02T00:00:00+00:00" == added.start.isoformat()
    assert 80 == one.rates_rps.max()


def figures(traffic):
    """Steps, their length, mean and peak."""
    rates = traffic.rates_rps
    return rates.size, traffic.step_seconds, pytest.approx(rates.mean()), rates.max()


def test_case_c03_hour_that_comes_twice():
    """With its zone the repeated hour is two hours; without, the place is named."""
    traffic = case("C03-local-time-dst.csv", timezone="Europe/Berlin")

    assert [*range(20, 32)] == traffic.rates_rps.tolist()
    assert ("2026-10-24T23:30:00+00:00", 900) == (traffic.start.isoformat(), traffic.step_seconds)
    for told in ({}, {"timezone": "UTC"}):
        assert "the times go backwards at line 8" in refused("C03-local-time-dst.csv", **told)
    assert "--timezone" in refused("C03-local-time-dst.csv")


@pytest.mark.parametrize("name", ["C05-cloudwatch.csv", "C05-cloudwatch.json"])
def test_case_c05_counts_and_missing_periods(name):
    """Newest first, counts by the heading, and the choice about what is missing."""
    traffic = case(name, fill="zero")

    assert "3 of 12 periods missing" in refused(name)
    assert "--fill zero, previous or linear" in refused(name)
    assert (12, 300, 4.9166666, 20) == figures(traffic)
    assert 17_700 == pytest.approx(traffic.rates_rps.sum() * 300)
    assert "counts of 300 s each" in traffic.note


def test_case_c07_counter_with_restart():
    """A counter is questioned; read as one, its restart is what was counted since."""
    traffic = case("C07-counter-with-reset.csv", unit="counter")
    expected = [20] * 7 + [40] * 3 + [8] + [40] * 4 + [20] * 8

    assert "looks like a counter" in refused("C07-counter-with-reset.csv")
    assert expected == traffic.rates_rps.tolist()
    assert (23, 15, 25.565217, 40) == figures(traffic)
    assert "the counter began anew once" in traffic.note


def test_case_c09_gaps_repeats_clash():
    """Everything odd is named with its line, in one sentence; told how, it is read."""
    sentence = refused("C09-gaps-repeats.csv")
    traffic = case("C09-gaps-repeats.csv", fill="linear", repeats="first")

    assert "line 8 says 9999 and line 7 650 for 2026-03-02T00:05:00Z" in sentence
    assert "said again what another said (line 9), dropped" in sentence
    assert "beside the step of 60 s (line 27), left out" in sentence
    assert "7 of 30 periods missing" in sentence
    assert (30, 60) == (traffic.rates_rps.size, traffic.step_seconds)
    assert 890 == round(traffic.rates_rps.max() * 60)
    assert "interpolated" in traffic.note
    assert "--strict" in refused("C09-gaps-repeats.csv", fill="zero", repeats="first", strict=True)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("C10-empty.csv", "is empty"),
        ("C10-header-only.csv", "a heading and no rows"),
        ("C10-one-row.csv", "one time only"),
        ("C10-negative.csv", "line 7: '-3' is not zero or more requests"),
    ],
)
def test_case_c10_nothing_to_plan_on(name, sentence):
    """One sentence, and no traceback."""
    assert sentence in refused(name)


def test_case_c10_all_zero():
    """No traffic is traffic, and is said."""
    traffic = case("C10-all-zero.csv")

    assert (120, 60, 0, 0) == figures(traffic)
    assert "without any traffic" in traffic.note


def test_case_c21_constant():
    """Two weeks of hours."""
    assert (336, 3600, 20, 20) == figures(case("C21-constant.csv"))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input(monkeypatch, pack):
    """`-` reads what is piped in, packed or not."""
    stdin = io.BytesIO(pack("\n".join(rows([1, 2, 3])).encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(stdin))

    assert [1, 2, 3] == read("-").rates_rps.tolist()


@pytest.mark.parametrize(
    ("heading", "rate"),
    [
        ("t,rate(http_requests_total[1m])", 6),
        ("t,req/s", 6),
        ("t,rpm", 0.1),
        ("t,requests per hour", 6 / 3600),
        ("t,requests", 0.1),
        ("t,increase(http_requests_total[1m])", 0.1),
        ("t,http_requests_total", 0.1),
    ],
)
def test_unit_from_the_heading(csv, heading, rate):
    """A heading tells the unit; a counter's name above what does not rise is one of counts."""
    assert [pytest.approx(rate)] * 3 == csv(*rows([6, 6, 6], heading)).rates_rps.tolist()


def test_unit_untold(csv, why_not):
    """Fractions are rates; whole numbers may be either, so it is asked."""
    assert [1.5, 2] == csv(*rows([1.5, 2], "t,Value")).rates_rps.tolist()
    assert "whether 'Value' is a rate or a count" in why_not(*rows([1, 2], "t,Value"))
    assert [0, 0] == csv(*rows([0, 0], "t,Value")).rates_rps.tolist()
    assert [1, 2] == csv(*rows([60, 120], "t,Value"), unit="count").rates_rps.tolist()


def test_units_of_several_series_differ(why_not):
    """What is a rate here and a count there cannot be added."""
    lines = ("t,rps,requests", *(f"{time},1,60" for time in MINUTES[:3]))

    assert "a rate or a count" in why_not(*lines, sum=True)


def test_wide_table(csv, why_not):
    """Columns are series, too; a series that is not there counts as nothing."""
    lines = ("t,a req/s,b req/s", *(f"{time},{n},10" for n, time in enumerate(MINUTES[:3])))

    assert "2 series: 'a req/s', 'b req/s'" in why_not(*lines)
    assert [10, 11, 12] == csv(*lines, sum=True).rates_rps.tolist()
    assert [0, 1, 2] == csv(*lines, series=("a req/s",)).rates_rps.tolist()
    assert "has no series c: it has 'a req/s', 'b req/s'" in why_not(*lines, series=("c",))


def test_series_that_comes_and_goes(csv):
    """Where only one of the added series has a row, that is the sum."""
    lines = [*rows([5, 5, 5, 5], "t,rps,code"), f"{MINUTES[1]},2"]
    lines = [f"{line},{code}" for line, code in zip(lines[1:], "aaaab", strict=True)]

    assert [5, 7, 5, 5] == csv("t,rps,code", *lines, sum=True).rates_rps.tolist()


def test_many_series_are_not_all_named(why_not):
    """The first ten are."""
    lines = [f"{time},1,s{n}" for n in range(12) for time in MINUTES[:2]]

    assert "'s9' and 2 more" in why_not("t,rps,name", *lines)


def test_few_short_gaps_are_interpolated(csv, why_not):
    """And said; with --strict they are refused, as are long ones."""
    times = [f"2026-03-02T{h:02}:{m:02}:00Z" for h in range(4) for m in range(60)]
    lines = list(rows(range(1, 241), times=times))
    del lines[100]
    traffic = csv(*lines)

    assert [*range(1, 241)] == traffic.rates_rps.tolist()
    assert "1 of 240 periods missing" in traffic.note
    assert "interpolated" in traffic.note
    assert "--strict" in why_not(*lines, strict=True)
    assert "at most 3 in a row; say" in why_not(*lines[:50], *lines[53:])


def test_fill(csv):
    """Zero, the one before, or a line."""
    lines = list(rows([6, 6, 0, 0, 0, 12]))
    del lines[3:6]

    assert [6, 6, 0, 0, 0, 12] == csv(*lines, fill="zero").rates_rps.tolist()
    assert [6, 6, 6, 6, 6, 12] == csv(*lines, fill="previous").rates_rps.tolist()
    assert [6, 6, 7.5, 9, 10.5, 12] == csv(*lines, fill="linear").rates_rps.tolist()


def test_previous_of_the_first(csv):
    """Before the first value there is only the first."""
    assert [3, 3, 3] == csv(*rows(["NaN", 3, 3]), fill="previous").rates_rps.tolist()


def test_gap_in_a_counter(csv):
    """What it counted in the gap is known, and spread over it."""
    lines = list(rows([0, 60, 120, 180, 240], "t,x_total"))
    del lines[3]
    traffic = csv(*lines, unit="counter", fill="zero")

    assert [1, 1, 1, 1] == traffic.rates_rps.tolist()
    assert "rose by spread" in traffic.note


def test_nothing_measured(why_not):
    """Rows without any value are none."""
    assert "no row has a value" in why_not(*rows(["1", "NaN", "NaN"]), unit="counter")


@pytest.mark.parametrize(("how", "value"), [("first", 1), ("last", 3), ("max", 5), ("sum", 9)])
def test_repeats(csv, how, value):
    """Several values for one time are settled as told."""
    lines = ("t,rps", f"{MINUTES[0]},1", f"{MINUTES[1]},1", f"{MINUTES[1]},5", f"{MINUTES[1]},3")
    traffic = csv(*lines, repeats=how)

    assert [1, value] == traffic.rates_rps.tolist()
    assert f"the {how} was taken" in traffic.note


def test_repeats_across_blocks(csv, why_not):
    """A file that is concatenated of overlapping exports repeats itself far away."""
    times = [str(1_772_409_600 + second) for second in range(50_000)]
    lines = rows(["1" + "0" * 20] * len(times), times=times)
    again = f"{times[0]},2"

    assert "said again" in csv(*lines, lines[1]).note
    assert f"line {len(lines) + 1} says 2 and line 2 1e+20" in why_not(*lines, again)


def test_many_clashes_are_counted(why_not):
    """Five are named."""
    lines = [f"{time},{n}" for n in (1, 2) for time in MINUTES[:9]]

    assert ", and 4 more" in why_not("t,rps", *lines)


def test_trembling_clock(csv):
    """Times near a step are moved to it."""
    times = ["2026-03-02T00:00:00Z", "2026-03-02T00:01:01Z", "2026-03-02T00:01:59Z"]
    times += ["2026-03-02T00:03:02Z", "2026-03-02T00:04:00.5Z"]
    traffic = csv(*rows([1, 2, 3, 4, 5], times=times))

    assert ([1, 2, 3, 4, 5], 60) == (traffic.rates_rps.tolist(), traffic.step_seconds)
    assert "4 rows moved to the nearest step" in traffic.note


def test_uneven_times(why_not):
    """Times that keep no step are no even traffic."""
    times = [f"2026-03-02T00:00:{second:02}Z" for second in (0, 1, 5, 6, 14, 15, 31, 37)]

    assert "are not in even steps" in why_not(*rows([1] * 8, times=times))


def test_coarser_step(csv, why_not):
    """Means over a multiple of the step; the rest at the end is left out, and said."""
    lines = rows([1, 3, 5, 7, 9])
    traffic = csv(*lines, step_seconds=120)

    assert ([2, 6], 120) == (traffic.rates_rps.tolist(), traffic.step_seconds)
    assert "means of 2 rows, the last 1 left out" in traffic.note
    assert [1, 3, 5, 7, 9] == csv(*lines, step_seconds=60).rates_rps.tolist()
    for wrong in (90, 30, 6000):
        assert "give a multiple" in why_not(*lines, step_seconds=wrong)


def test_one_time_too_far(why_not):
    """A wild time is refused before it takes all memory."""
    lines = *rows([1, 2, 3]), "2199-01-01T00:00:00Z,4"

    assert "line 5 is too much: this series has" in why_not(*lines)


def test_rates_are_floats(csv):
    """The array is what the replay wants."""
    assert np.float64 == csv(*rows([1, 2])).rates_rps.dtype
