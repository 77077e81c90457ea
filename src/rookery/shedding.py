"""The bound on requests in flight: what cannot be served in time is refused at once.

A queue in front of a saturated process only turns requests into time-outs: each one waits, is
served when nobody listens any more, and makes the next one wait. So at most `max_in_flight`
requests are worked on, and fewer while the event loop is late. The loop's lag is the measure of
congestion, because everything that saturates a Python process delays the loop; requests that only
wait for something else do not.

Two kinds of saturation, two rules:

- Threads that want the interpreter lock make *each* turn of the loop late. The bound on requests
  in flight follows that lag down, and rises by one at a time until it is there again. Only a
  standing lag counts (as in CoDel, RFC 8289): one late beat is a garbage collection.
- Handlers that never await make *one* turn long, and are never in flight together. What a turn
  comes to too late is refused, and the turn ends.

Lag alone cannot tell overload from a neighbour on the node that takes the processor away for some
milliseconds: only a process that had a whole processor, and is late all the same, has more to do
than it can. One that had less must be ten times as late before it refuses anything.
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
LEAST_IN_FLIGHT = 6

_BEATS = 3  # that are looked at together; the lag stands when all but one of them are late
_BUSY = 0.9  # share of a processor from which the process has no time left
_BUSY_PATIENCE = 0.1  # share of the allowed lag that a busy process is allowed
_FALL = 0.3  # at most so much is left of the bound: requests that wait for others hold it, too
_RISE = 1.25  # a beat, once the process is no longer busy


class Limiter:
    """Counts requests in flight and holds the bound on them.

    Args:
        max_in_flight: the bound while the event loop is on time.
        max_lag_seconds: lag that is too much; 0 never lowers the bound.

    Attributes:
        limit: the bound now.
        late_at: time (of `time.monotonic`) from which this turn of the loop has taken too long.
    """

    def __init__(self, max_in_flight: int, max_lag_seconds: float) -> None:
        self._most = max_in_flight
        self._least = min(LEAST_IN_FLIGHT, max_in_flight)
        self._max_lag_seconds = max_lag_seconds
        self._beats: deque[_Beat] = deque(maxlen=_BEATS)
        self.limit = max_in_flight
        self.in_flight = 0
        self.late_at = math.inf

    def on_lag(self, lag_seconds: float) -> None:
        """Note by how much a heartbeat was late, and adjust the bound."""
        if not self._max_lag_seconds:
            return
        beat = _Beat(lag_seconds, time.monotonic(), time.process_time())
        self.late_at = beat.at + BEAT_SECONDS + self._max_lag_seconds
        self._beats.append(beat)
        if len(self._beats) == _BEATS:
            self._adjust()

    def on_last_beat(self) -> None:
        """Forget what the heartbeat said: there will be no more of it."""
        self._beats.clear()
        self.limit = self._most
        self.late_at = math.inf

    def _adjust(self) -> None:
        is_busy = self._is_busy()
        standing = sorted(beat.lag for beat in self._beats)[1]
        allowed = self._max_lag_seconds * (_BUSY_PATIENCE if is_busy else 1)
        if standing > allowed:
            # from what is in flight, not from a bound that nothing had reached
            held = min(self.limit, self.in_flight)
            self.limit = max(self._least, int(held * max(_FALL, allowed / standing)))
        else:
            rise = self.limit + 1 if is_busy else int(self.limit * _RISE) + 1
            self.limit = min(self._most, rise)
        if is_busy or standing > allowed:
            self._beats.clear()  # the next ones show what this has changed

    def _is_busy(self) -> bool:
        first, last = self._beats[0], self._beats[-1]
        return last.used - first.used >= _BUSY * (last.at - first.at)


class _Beat(NamedTuple):
    lag: float
    at: float
    used: float  # processor time of the process until then


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
        elif limiter.in_flight >= limiter.limit or time.monotonic() > limiter.late_at:
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
