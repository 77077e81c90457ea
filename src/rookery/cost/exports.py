"""Traffic in the JSON that monitoring systems answer."""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rookery.cost.grid import Floats, Integers
from rookery.cost.refusal import Refusal

MOST_BYTES = 1 << 28
_STATISTICS = ("Sum", "SampleCount", "Average", "Maximum", "Minimum")


@dataclass(frozen=True)
class Points:
    """One series as an interface answers it.

    Attributes:
        name: what it is called.
        words: what tells its unit.
        times_us: microseconds since 1970; shape (points,).
        values: NaN where nothing was measured; shape (points,).
    """

    name: str
    words: str
    times_us: Integers
    values: Floats


def read(name: str, text: bytes) -> list[Points]:
    """The series of a JSON document.

    Args:
        name: What it is called in sentences.
        text: The document.

    Raises:
        Refusal: It is no JSON, or of a shape that is not known.
    """
    if len(text) > MOST_BYTES:
        raise Refusal(f"{name} is more JSON than is read at once, 256 MiB: export CSV")
    try:
        document = json.loads(text)
    except ValueError as error:
        raise Refusal(f"{name} is no JSON: {error}") from None
    for key, reader in _READERS.items():
        if isinstance(document, dict) and key in document:
            try:
                return reader(document[key], document)
            except (KeyError, TypeError, ValueError) as error:
                raise Refusal(f"{name} is not what its {key!r} promises: {error!r}") from None
    raise Refusal(
        f"{name} is JSON of an unknown shape: known are CloudWatch's get-metric-data and"
        " get-metric-statistics, Prometheus' query_range, and Datadog's series"
    )


def of_result(result: list[dict[str, Any]], words: str = "") -> list[Points]:
    """The series of a matrix, as Prometheus answers it."""
    return [_pairs(_labelled(each["metric"]), words, each["values"], 1e6) for each in result]


def _labelled(metric: dict[str, str]) -> str:
    labels = ",".join(f'{key}="{metric[key]}"' for key in sorted(metric) if key != "__name__")
    return f"{metric.get('__name__', '')}{{{labels}}}" if labels else metric.get("__name__", "{}")


def _pairs(name: str, words: str, pairs: list[Any], per_unit: float) -> Points:
    table = np.array([(float(at), _value(value)) for at, value in pairs]).reshape(-1, 2)
    return Points(
        name, words or name, np.rint(table[:, 0] * per_unit).astype(np.int64), table[:, 1]
    )


def _value(value: Any) -> float:
    number = float("nan") if value is None else float(value)
    if number < 0 or number == float("inf"):
        raise ValueError(f"{value} is not zero or more requests")
    return number


def _prometheus(data: dict[str, Any], _: Any) -> list[Points]:
    return of_result(data["result"])


def _metric_data(results: list[dict[str, Any]], _: Any) -> list[Points]:
    return [
        _stamped(each["Label"], each["Label"], each["Timestamps"], each["Values"])
        for each in results
    ]


def _metric_statistics(points: list[dict[str, Any]], document: dict[str, Any]) -> list[Points]:
    name = document["Label"]
    statistic = next(each for each in _STATISTICS if not points or each in points[0])
    stamps = [each["Timestamp"] for each in points]
    values = [each[statistic] for each in points]
    return [_stamped(name, f"{name} ({statistic})", stamps, values)]


def _stamped(name: str, words: str, stamps: list[str], values: list[Any]) -> Points:
    seconds = [dt.datetime.fromisoformat(stamp).timestamp() for stamp in stamps]
    return _pairs(name, words, list(zip(seconds, values, strict=True)), 1e6)


def _datadog(series: list[dict[str, Any]], _: Any) -> list[Points]:
    return [_pairs(each["expression"], "", each["pointlist"], 1e3) for each in series]


_READERS: dict[str, Callable[[Any, Any], list[Points]]] = {
    "MetricDataResults": _metric_data,
    "Datapoints": _metric_statistics,
    "data": _prometheus,
    "series": _datadog,
}
