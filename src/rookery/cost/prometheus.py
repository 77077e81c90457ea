"""Traffic out of a Prometheus, in as many queries as its limit of points needs."""

import contextlib
import datetime as dt
import re
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from rookery.cost.exports import Points, of_result
from rookery.cost.refusal import Refusal
from rookery.cost.series import Reading, Series, of_points
from rookery.cost.traffic import Traffic, even

MOST_POINTS = 11_000  # a series and a query; Prometheus refuses more
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_STATUS = {
    401: "the bearer token is missing or wrong: give one by --token-file",
    403: "the bearer token may not query: ask for one that may",
    404: "there is no Prometheus at this URL: it ends before /api/v1",
}


def query(
    url: str,
    promql: str,
    start: dt.datetime,
    end: dt.datetime,
    step_seconds: int = 60,
    *,
    token_file: str | None = None,
    timeout_seconds: float = 60,
    reading: Reading | None = None,
) -> Traffic:
    """Ask a Prometheus for the requests a second from `start` to `end`, both included.

    Args:
        url: Where it is, as far as /api/v1; a user and a password in it are not shown.
        promql: The query; its series are added.
        start: The first time, moved back to a multiple of the step, so that a query repeats.
        end: The last time, likewise.
        step_seconds: Seconds between two points.
        token_file: A file with a bearer token.
        timeout_seconds: How long one answer may take.
        reading: What else is to be done; see `Reading`.

    Raises:
        Refusal: It does not answer, or the answer is not clear.
    """
    reading = reading or Reading()
    first, last = (int(each.timestamp()) // step_seconds for each in (start, end))
    if first >= last:
        raise Refusal(f"from {start} to {end} are no two steps of {step_seconds} s")
    if "increase(" in promql and reading.unit is None:
        raise Refusal("the query has increase(), whose window is not the step: ask for rate()")
    shown = _shown(url)
    pieces: dict[str, list[Points]] = {}
    warnings: dict[str, None] = {}
    with httpx.Client(headers=_headers(token_file), timeout=timeout_seconds) as client:
        for at in range(first, last + 1, MOST_POINTS):
            until = min(at + MOST_POINTS - 1, last)
            asked = {"query": promql, "start": at * step_seconds, "end": until * step_seconds}
            answer = _ask(client, url, shown, {**asked, "step": step_seconds})
            warnings |= dict.fromkeys(answer.get("warnings", []))
            for each in _points(shown, answer, promql):
                pieces.setdefault(each.name, []).append(each)
    found = of_points(
        shown, [_joined(each) for each in pieces.values()], reading, step_seconds * 1_000_000
    )
    _frame(found, first * step_seconds, last * step_seconds)
    found.remarks += [f"Prometheus warns: {each}" for each in warnings] + _unseen(
        promql, step_seconds
    )
    return even(found, reading)


def _headers(token_file: str | None) -> dict[str, str]:
    if token_file is None:
        return {}
    try:
        token = Path(token_file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"the token file {token_file} cannot be read: {error}") from None
    if not token or not token.isascii() or not token.isprintable():
        raise Refusal(f"the token file {token_file} holds no bearer token")
    return {"Authorization": f"Bearer {token}"}


def _shown(url: str) -> str:
    """The URL without what may be secret in it."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Refusal(f"--prometheus is no URL: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise Refusal("--prometheus is no URL: give http://HOST:PORT or https://HOST")
    return str(parsed.copy_with(username=None, password=None, query=None, fragment=None))


def _ask(client: httpx.Client, url: str, shown: str, asked: dict[str, Any]) -> dict[str, Any]:
    try:
        response = client.get(f"{url.rstrip('/')}/api/v1/query_range", params=asked)
    except httpx.TimeoutException:
        raise Refusal(
            f"{shown} did not answer in time: ask for less by --days or a larger --step"
        ) from None
    except httpx.HTTPError as error:
        raise Refusal(f"{shown} does not answer: {error}") from None
    answer: Any = None
    with contextlib.suppress(ValueError):
        answer = response.json()
    if response.is_redirect:
        raise Refusal(
            f"{shown} sends elsewhere ({response.status_code}): a login page? Give the URL behind it"
        )
    if not isinstance(answer, dict) or "status" not in answer:
        raise Refusal(
            f"{shown} answers {response.status_code} and no JSON of Prometheus: {_advice(response)}"
        )
    if answer["status"] != "success":
        raise Refusal(f"{shown} refuses the query: {answer.get('error', response.status_code)}")
    return dict(answer)


def _advice(response: httpx.Response) -> str:
    kind = response.headers.get("content-type", "nothing")
    return _STATUS.get(
        response.status_code, f"it is {kind.partition(';')[0]}; look what is at this URL"
    )


def _points(shown: str, answer: dict[str, Any], promql: str) -> list[Points]:
    try:
        return of_result(answer["data"]["result"], promql)
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(f"{shown} answers what is no matrix of numbers: {error}") from None


def _joined(pieces: list[Points]) -> Points:
    times = np.concatenate([each.times_us for each in pieces])
    return Points(
        pieces[0].name, pieces[0].words, times, np.concatenate([each.values for each in pieces])
    )


def _frame(found: Series, first_seconds: int, last_seconds: int) -> None:
    """Make what is missing at either end missing, not shorter."""
    for each in found.grids.values():
        each.first = (first_seconds * 1_000_000 - found.origin_us) // found.step_us
        each.last = (last_seconds * 1_000_000 - found.origin_us) // found.step_us
    found.queried = True


def _unseen(promql: str, step_seconds: int) -> list[str]:
    windows = [int(n) * _UNITS[unit] for n, unit in re.findall(r"\[(\d+)([smhd])\]", promql)]
    if not windows or min(windows) >= step_seconds:
        return []
    return [
        f"the query looks at {min(windows)} s of each step of {step_seconds} s, the rest is unseen"
    ]
