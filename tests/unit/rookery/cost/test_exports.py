"""Traffic in the JSON of monitoring systems."""

import json

import pytest

from rookery.cost import exports
from rookery.cost.refusal import Refusal

NOON = 1_772_452_800


def points(document):
    """The only series of a document, as name, words, seconds and values."""
    (found,) = exports.read("x.json", json.dumps(document).encode())
    return found.name, found.words, (found.times_us / 1e6).tolist(), found.values.tolist()


def test_cloudwatch_metric_data():
    """As `aws cloudwatch get-metric-data` prints it."""
    result = {"Label": "RequestCount", "Timestamps": ["2026-03-02T12:00:00+00:00"], "Values": [7]}
    expected = "RequestCount", "RequestCount", [NOON], [7]

    assert expected == points({"MetricDataResults": [result]})


def test_cloudwatch_metric_statistics():
    """As `aws cloudwatch get-metric-statistics` prints it; the statistic tells the unit."""
    datapoint = {"Timestamp": "2026-03-02T12:00:00Z", "Sum": 7.0, "Unit": "Count"}
    expected = "RequestCount", "RequestCount (Sum)", [NOON], [7]

    assert expected == points({"Label": "RequestCount", "Datapoints": [datapoint]})


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ({}, "{}"),
        ({"__name__": "up"}, "up"),
        ({"__name__": "up", "job": "a"}, 'up{job="a"}'),
        ({"b": "2", "a": "1"}, '{a="1",b="2"}'),
    ],
)
def test_prometheus(metric, name):
    """As query_range answers; a series is named as in PromQL."""
    result = [{"metric": metric, "values": [[NOON, "7"], [NOON + 60.5, "8"]]}]

    assert (name, name, [NOON, NOON + 60.5], [7, 8]) == points({"data": {"result": result}})


def test_datadog():
    """As the query interface answers: milliseconds, and null where nothing was."""
    series = {"expression": "sum:requests{*}", "pointlist": [[NOON * 1000, 7], [NOON * 1000, None]]}
    name, _, times, values = points({"series": [series]})

    assert ("sum:requests{*}", [NOON, NOON]) == (name, times)
    assert values[0] == 7
    assert values[1] != values[1]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"{", "is no JSON"),
        (b"[]", "unknown shape"),
        (b"{}", "unknown shape"),
        (b'{"data": {}}', "not what its 'data' promises"),
        (
            b'{"data": {"result": [{"metric": {}, "values": [[1, "-1"]]}]}}',
            "-1 is not zero or more",
        ),
        (b'{"data": {"result": [{"metric": {}, "values": [[1, "+Inf"]]}]}}', "+Inf is not zero"),
    ],
)
def test_refused(text, sentence):
    """One sentence."""
    with pytest.raises(Refusal) as refusal:
        exports.read("x.json", text)

    assert sentence in str(refusal.value)


def test_too_much(monkeypatch):
    """JSON is read at once, so it is bounded."""
    monkeypatch.setattr(exports, "MOST_BYTES", 3)

    with pytest.raises(Refusal, match="export CSV"):
        exports.read("x.json", b"[1, 2]")
