"""Outcomes of requests, and what counts as a failure."""

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

ANSWER = b'{"status":200}'

# what vegeta says of a request without an answer
_KINDS = (
    (r"connection refused", "refused"),
    (r"connection reset|broken pipe", "reset"),
    (r"Client\.Timeout|deadline exceeded|i/o timeout", "timed out"),
    (r"EOF|server closed", "closed without an answer"),
)


@dataclass(frozen=True)
class Outcome:
    """What came of one request.

    Attributes:
        load: the part of the load that it belongs to.
        number: which of that part's requests it was.
        sent_at: seconds since the epoch, by the clock of the load's pod.
        took_seconds: from then to the end of the answer.
        status: 0 for no answer.
        kind: empty for a right answer; `shed`, or what kind of failure it is.
        pod: the pod that has answered, where it said so.
        draining_seconds: for how long that pod had been draining when it got the request.
    """

    load: str
    number: int
    sent_at: float
    took_seconds: float
    status: int
    kind: str
    pod: str
    draining_seconds: float | None

    @property
    def is_failure(self) -> bool:
        return self.kind not in ("", "shed")


def outcome(encoded: dict[str, Any]) -> Outcome:
    """One outcome of `vegeta encode -to json`."""
    headers = encoded.get("headers") or {}
    draining = headers.get("X-Draining", [None])[0]
    return Outcome(
        load=encoded["attack"],
        number=encoded["seq"],
        sent_at=datetime.fromisoformat(encoded["timestamp"]).timestamp(),
        took_seconds=encoded["latency"] / 1e9,
        status=encoded["code"],
        kind=_kind(encoded, headers),
        pod=headers.get("X-Pod", [""])[0],
        draining_seconds=None if draining is None else float(draining),
    )


def _kind(encoded: dict[str, Any], headers: dict[str, Any]) -> str:
    if encoded["code"] == 200 and not encoded["error"]:
        right = base64.b64decode(encoded["body"] or "") == ANSWER
        return "" if right else "wrong body"
    if encoded["code"] == 503 and "Retry-After" in headers:
        return "shed"
    for pattern, kind in _KINDS:
        if re.search(pattern, encoded["error"]):
            return kind
    return f"status {encoded['code']}" if encoded["code"] else encoded["error"]


def decoded(lines: Iterable[str]) -> tuple[list[Outcome], dict[str, Any]]:
    """The outcomes that the loader has printed, by time, and its last line."""
    *encoded, last = map(json.loads, lines)
    return sorted(map(outcome, encoded), key=lambda each: each.sent_at), last


def lateness_seconds(outcomes: Iterable[Outcome], rates: dict[str, float]) -> float:
    """By how much the load itself was late at most: what a starved machine does, and no service."""
    first: dict[str, Outcome] = {}
    late = 0.0
    for each in outcomes:
        start = first.setdefault(each.load, each)
        due = start.sent_at + (each.number - start.number) / rates[each.load]
        late = max(late, each.sent_at - due)
    return late
