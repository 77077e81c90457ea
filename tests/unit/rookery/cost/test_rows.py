"""Rows become series, block by block."""

import pytest

from rookery.cost.refusal import Refusal
from rookery.cost.series import Reading
from rookery.cost.traffic import read

SECOND = 1_772_409_600


@pytest.fixture
def csv(tmp_path):
    """Reads lines as a file."""

    def reads(*lines, **told):
        path = tmp_path / "traffic.csv"
        path.write_text("\n".join(lines))
        return read(str(path), Reading(**told))

    return reads


def test_labels_and_columns(csv):
    """Several labels and several columns of values tell series apart together."""
    lines = [
        f"{SECOND + 60 * minute},{pod},{code},{minute},1"
        for minute in range(3)
        for pod in ("a", "b")
        for code in ("ok", "bad")
    ]
    heading = "time,pod,code,GET per second,POST per second"

    assert [0, 1, 2] == csv(heading, *lines, series=("b, ok, GET per second",)).rates_rps.tolist()
    assert [4, 8, 12] == csv(heading, *lines, sum=True).rates_rps.tolist()


def test_no_such_series(csv):
    """What there is, is listed."""
    lines = [f"{SECOND + second},{name},1.5" for name in "ab" for second in range(3)]

    with pytest.raises(Refusal, match="has no series c: it has 'a', 'b'"):
        csv("time,name,rps", *lines, series=("c",))


def test_too_many_series(csv):
    """A column that is other in each row tells no series apart."""
    lines = [f"{SECOND + second},id-{second},1" for second in range(1001)]

    with pytest.raises(Refusal, match=r"line 1002: more than 1,000 series by request"):
        csv("time,request,rps", *lines)


def test_backwards_far_above(csv):
    """The first place where times go back is remembered over blocks."""
    lines = [f"{SECOND + second},{'1' * 20}" for second in (1, 0, *range(2, 60_000))]

    assert "backwards at line 3, to 2026-03-02T00:00:00Z" in csv("time,rps", *lines).note


def test_newest_first(csv):
    """An order is no disorder, in either direction, over blocks too."""
    traffic = csv("time,rps", *(f"{SECOND - n},{n}.{'0' * 20}" for n in range(50_000)))

    assert [49_999, 0] == traffic.rates_rps[[0, -1]].tolist()
    assert "newest first" in traffic.note
    assert "backwards" not in traffic.note


def test_day_first(csv):
    """Dates of a country are read when a day tells itself, and in their zone."""
    lines = "13/03/2026 12:00,1.5", "13/03/2026 12:01,2.5"
    traffic = csv("time,rps", *lines, timezone="Europe/Berlin")

    assert "2026-03-13T11:00:00+00:00" == traffic.start.isoformat()
