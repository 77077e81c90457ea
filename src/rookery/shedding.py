"""The bound on requests in flight: what cannot be served in time is refused at once.

A queue in front of a saturated process only turns requests into time-outs: each one waits, is
served when nobody listens any more, and makes the next one wait. So at most `max_in_flight`
requests are worked on, and fewer while the event loop is late. The loop's lag is the measure of
congestion, because everything that saturates a Python process delays the loop; requests that only
wait for something else do not.

What is no overload must not look like one. One late beat is a garbage collection, so only a lag
that stands counts: the least of a few beats, as in CoDel (RFC 8289). A loop that is a little late
may have a neighbour on the node that takes the processor away; a process that had a whole
processor and is a little late all the same has more to do than it can. Any other is overloaded
when it is ten times as late.

There are two bounds. Threads that want the interpreter lock delay each turn of the loop: the bound
on requests in flight follows the lag down, and rises by one at a time to try. Handlers that never
await make one turn long, one after the other, and are never in flight together: what a turn comes
to too late is refused, and the turn ends.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rookery.errors import problem
from rookery.health import BEAT_SECONDS

RETRY_AFTER_SECONDS = 1

# The bound never falls below this: enough to keep a processor busy, and few to wait for.
LEAST_IN_FLIGHT = 8

_BEATS = 3  # that are looked at together
_BUSY = 0.9  # share of a processor from which the process has no time left
_BUSY_PATIENCE = 0.1  # share of the allowed lag that a busy process is allowed
_FALL = 0.3  # no more at once: requests that wait for something else hold the bound, too
_FIRST_FALL_FROM = 32  # at least, so that a short burst which is over already refuses nobody
_RISE = 1.25  # a beat, once the process has time again


class Limiter:
    """Counts requests in flight and holds the bound on them.

    Args:
        max_in_flight: the bound while the event loop is on time.
        max_lag_seconds: lag that is too much; 0 never lowers the bound.

    Attributes:
        limit: the bound now.
        late_at: time (of `time.monotonic`) from which this turn of the loop is too long.
    """

    def __init__(self, max_in_flight: int, max_lag_seconds: float) -> None:
        self._most = max_in_flight
        self._least = min(LEAST_IN_FLIGHT, max_in_flight)
        self._max_lag_seconds = max_lag_seconds
        self._beats: deque[_Beat] = deque(maxlen=_BEATS)
        self.limit = max_in_flight
        self.in_flight = 0
        self.late_at = math.inf
        self._last = _Beat(0, 0, 0)

    def on_lag(self, lag_seconds: float) -> None:
        """Note by how much a heartbeat was late, and adjust the bounds."""
        if not self._max_lag_seconds:
            return
        self._last = _Beat(lag_seconds, time.monotonic(), time.process_time())
        self.late_at = self._last.at + BEAT_SECONDS + self._max_lag_seconds
        self._beats.append(self._last)
        if len(self._beats) == _BEATS:
            self._adjust()

    def on_last_beat(self) -> None:
        """Forget what the heartbeat said: there will be no more of it."""
        self._beats.clear()
        self.limit = self._most
        self.late_at = math.inf

    def is_late(self) -> bool:
        """Whether this turn of the loop is too long, by what this process does in it."""
        now = time.monotonic()
        if now <= self.late_at:
            return False
        is_overloaded = self.limit < self._most
        return is_overloaded or _is_busy(self._last, _Beat(0, now, time.process_time()))

    def _adjust(self) -> None:
        is_busy = _is_busy(self._beats[0], self._last)
        excess = self._standing_lag(is_busy) / self._allowed_lag(is_busy)
        if excess > 1:
            # from what is in flight, not from a bound that nothing had reached
            held = min(self.limit, max(self.in_flight, _FIRST_FALL_FROM))
            self.limit = max(self._least, int(held * max(_FALL, 1 / excess)))
            self._beats.clear()  # the next ones show what this has changed
        elif self.limit < self._most:
            self._rise(is_busy)

    def _rise(self, is_busy: bool) -> None:
        if is_busy:
            self._beats.clear()
        self.limit = min(self._most, self.limit + 1 if is_busy else int(self.limit * _RISE) + 1)

    def _allowed_lag(self, is_busy: bool) -> float:
        return self._max_lag_seconds * (_BUSY_PATIENCE if is_busy else 1)

    def _standing_lag(self, is_busy: bool) -> float:
        """The lag that all beats show; once the bound is lowered, all but one."""
        lags = sorted(beat.lag for beat in self._beats)
        return lags[1] if is_busy and self.limit < self._most else lags[0]


class _Beat(NamedTuple):
    lag: float
    at: float
    used: float  # processor time of the process until then


def _is_busy(first: _Beat, last: _Beat) -> bool:
    return last.used - first.used >= _BUSY * (last.at - first.at)


class Shedding:
    """ASGI middleware: past the bound, a 503 with `Retry-After`, and nothing else is done."""

    def __init__(self, app: ASGIApp, limiter: Limiter, on_shed: Callable[[str], None]) -> None:
        self._app = app
        self._limiter = limiter
        self._on_shed = on_shed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limiter = self._limiter
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif limiter.in_flight >= limiter.limit or limiter.is_late():
            self._on_shed(scope["method"])
            await _refusal()(scope, receive, send)
        else:
            limiter.in_flight += 1
            try:
                await self._app(scope, receive, send)
            finally:
                limiter.in_flight -= 1


def _refusal() -> Response:
    detail = "The service has as many requests as it can serve in time."
    return problem(503, detail, {"Retry-After": str(RETRY_AFTER_SECONDS)})
