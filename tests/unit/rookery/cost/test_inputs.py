"""The options by which a command of the planner is given traffic."""

import argparse

import pytest
from tests.support import ROOT
from tests.unit.rookery.cost.test_prometheus import serving

from rookery.cost.inputs import add_traffic, traffic_of
from rookery.cost.refusal import Refusal

CASES = ROOT / "tests/data/traffic"


def parser():
    """A command with these options."""
    found = argparse.ArgumentParser()
    add_traffic(found)
    return found


def traffic(*arguments):
    """What a command line names."""
    return traffic_of(parser().parse_args([str(each) for each in arguments]))


@pytest.mark.parametrize(
    ("arguments", "mean"),
    [
        (["C01-grafana-series-rows.csv", "--sum"], 55.5),
        (["C01-grafana-series-rows.csv", "--series", "api 2xx"], 54.5),
        (["C03-local-time-dst.csv", "--timezone", "Europe/Berlin"], 25.5),
        (["C05-cloudwatch.csv", "--fill", "zero"], 4.9166666),
        (["C07-counter-with-reset.csv", "--counter"], 25.565217),
        (
            ["C09-gaps-repeats.csv", "--fill", "zero", "--repeats", "first", "--step", "300"],
            9.5777777,
        ),
    ],
)
def test_file(arguments, mean):
    """A file, and how to read it."""
    name, *options = arguments

    assert mean == pytest.approx(traffic(CASES / name, *options).rates_rps.mean())


def test_prometheus():
    """A Prometheus, asked until now."""
    with serving("limit") as (url, asked):
        found = traffic("--prometheus", url, "--query", "sum(rate(x[1m]))", "--days", 1)

    assert (1441, "sum(rate(x[1m]))") == (found.rates_rps.size, asked[0]["query"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "either a file, or --prometheus"),
        (["x.csv", "--prometheus", "http://h"], "either a file, or --prometheus"),
        (["--prometheus", "http://h"], "needs --query"),
        (["--prometheus", "http://h", "--query", "x", "--days", "0"], "more than zero"),
        (["x.csv", "--step", "0"], "--step is 0"),
    ],
)
def test_refused(arguments, sentence):
    """What is missing or absurd is refused by name."""
    with pytest.raises(Refusal) as refusal:
        traffic(*arguments)

    assert sentence in str(refusal.value)


def test_options_are_documented():
    """Each option stands in docs/cost.md."""
    text = (ROOT / "docs/cost.md").read_text()
    options = [
        each for action in parser()._actions for each in action.option_strings if each[:2] == "--"
    ]

    assert [] == [option for option in options if option != "--help" and f"`{option}" not in text]
