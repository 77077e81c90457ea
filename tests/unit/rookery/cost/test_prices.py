"""Price sheets say who says so, and since when."""

import datetime as dt

import pytest
import yaml
from tests.support import ROOT

from rookery.cost import prices
from rookery.cost.pods import Requests
from rookery.cost.prices import GCP_E2, load, sheet_of
from rookery.cost.refusal import Refusal

VALUES = {
    "name": "ours",
    "source": "https://prices.example",
    "readOn": "2026-09-27",
    "currency": "EUR",
    "vcpuHour": 0.04,
    "gibHour": "0.005",
}


def sheet(**changes):
    """A sheet with changes."""
    return sheet_of({**VALUES, **changes}, "p.yaml")


def test_case_c21_bill():
    """2 pods of 250m and 256 MiB for 730 h at 0.04 and 0.005 cost 16.425."""
    assert 16.425 == pytest.approx(2 * sheet().month(Requests(0.25, 0.25)), abs=1e-9)


def test_default_is_the_charts():
    """Chart and planner name the same sheet, with the same prices and date."""
    chart = ROOT / "helm/values.yaml"
    values = yaml.safe_load(chart.read_text())["cost"]["prices"]

    assert GCP_E2 == load(str(chart)) == sheet_of(values, "values.yaml")


def test_file(tmp_path):
    """A file has the keys of the chart's `cost.prices`, with or without those above."""
    path = tmp_path / "p.yaml"
    path.write_text(yaml.safe_dump(VALUES))

    assert sheet() == load(str(path))
    assert "ours, read on 2026-09-27 at https://prices.example" == sheet().origin


@pytest.mark.parametrize("content", ["[", "- 1", "cost: {prices: 1}", None, "\x00"])
def test_no_file(tmp_path, content):
    """What is no sheet is refused by its name."""
    path = tmp_path / "p.yaml"
    if content is not None:
        path.write_text(content)

    with pytest.raises(Refusal, match=r"p\.yaml"):
        load(str(path))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"source": ""}, "needs source"),
        ({"source": None}, "needs source"),
        ({"readOn": None}, "needs readOn"),
        ({"readOn": "lately"}, "readOn is 'lately': give the date as 2026-09-27"),
        ({"vcpuHour": -1}, "vcpuHour is -1: give a price"),
        ({"vcpuHour": True}, "vcpuHour is True"),
        ({"gibHour": "nan"}, "gibHour is 'nan'"),
        ({"gibHour": "cheap"}, "gibHour is 'cheap'"),
        ({"vcpuHour": 0, "gibHour": 0}, "both 0"),
        ({"name": 7}, "name is 7: give a text"),
        ({"vcpu": 1}, "'vcpu' is no key of a price sheet"),
        ({"spotGibHour": []}, "spotGibHour is"),
    ],
)
def test_refused(changes, sentence):
    """A price that nobody can check, or that is none, is refused by its key."""
    with pytest.raises(Refusal) as refusal:
        sheet(**changes)

    assert sentence in str(refusal.value)


def test_old():
    """Older than a year is warned of."""
    today = dt.date(2027, 9, 27)

    assert [] == sheet().warnings(today)
    assert "366 days old" in sheet().warnings(today + dt.timedelta(days=1))[0]


def test_spot():
    """A share on spot nodes has their price; without such a price there is none."""
    spot = sheet(spotVcpuHour=0.01, spotGibHour=0.001)

    assert 0.025 == pytest.approx(spot.hour(Requests(1), 0.5))
    assert 0.001 == pytest.approx(spot.hour(Requests(0, 1), 1))
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(Refusal, match="the spot share is"):
            spot.hour(Requests(1), share)
    with pytest.raises(Refusal, match="have none for spot nodes"):
        prices.GCP_E2.hour(Requests(1), 0.5)
