"""The bound on requests in flight: what cannot be served in time is refused at once.

A queue in front of a saturated process only turns requests into time-outs: each one waits, is
served when nobody listens any more, and makes the next one wait. At most `max_in_flight` requests
are worked on; and while the process is saturated, no more than it serves in the time that a request
may take. That time is what requests usually take, plus `max_queue_seconds` of waiting for the
processor: by Little's law, the bound is throughput times this time.

What is no overload must not look like one. Requests that wait for something else use no processor,
and their usual time is in the bound. A burst, saturating as it is, has room for what is worked off
in a fifth of a second, and for as many as there are threads in the pool. A neighbour that takes the
processor away makes the process slower, not its queue longer than the bound.

Handlers that never await are worked on one after the other, and never in flight together: what one
turn of the event loop comes to too late is refused, and the turn ends.
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
BURST_IN_FLIGHT = 40  # as many as the thread pool has threads

_LOOK_SECONDS = 0.03  # a few switches between threads (5 ms each), so that shares mean something
_SATURATED_SHARE = 0.75  # of a processor: the rest may be a neighbour's
_RISE = 1.25  # a look, once the process has time again
_BEATS = 3  # one late heartbeat may be a neighbour's; so many are overload
_BURST_SECONDS = 0.4  # saturation that is longer is no burst
_BURST_QUEUE_SECONDS = 0.2
# How long the averages remember. Throughput is that of now; the usual time is that of quiet times.
_THROUGHPUT_SECONDS = 0.25
_USUAL_SECONDS = 5.0


class Limiter:
    """Counts requests in flight and holds the bound on them.

    Args:
        max_in_flight: the bound while the process is not saturated.
        max_queue_seconds: how long a request may wait for the processor while it is, on average;
            0 never lowers the bound.

    Attributes:
        limit: the bound now.
        in_flight: requests being worked on.
    """

    def __init__(self, max_in_flight: int, max_queue_seconds: float) -> None:
        self._most = max_in_flight
        self._least = min(LEAST_IN_FLIGHT, max_in_flight)
        self._max_queue_seconds = max_queue_seconds
        self.in_flight = 0
        self._finished = 0
        self._finished_seconds = 0.0
        self._throughput = 0.0  # requests a second
        self._usual_seconds = 0.0
        self.on_last_beat()

    def on_lag(self, lag_seconds: float) -> None:
        """Note by how much a heartbeat was late."""
        if not self._max_queue_seconds:
            return
        self._lags.append(lag_seconds)
        self._turn_ends = time.monotonic() + BEAT_SECONDS + self._max_queue_seconds
        self._look()

    def on_last_beat(self) -> None:
        """Forget what the heartbeat said: there will be no more of it."""
        self.limit = self._most
        self._lags = deque([0.0] * _BEATS, maxlen=_BEATS)
        self._turn_ends = math.inf
        self._saturated_seconds = 0.0
        self._seen = self._see()

    def is_full(self) -> bool:
        """Whether the next request is one too many."""
        if self.in_flight < self._least:
            return time.monotonic() > self._turn_ends and self._is_turn_ours()
        if self._max_queue_seconds:
            self._look()
        return self.in_flight >= self.limit

    def start(self) -> float:
        """Count a request in, and give the time for `finish`."""
        self.in_flight += 1
        return time.monotonic()

    def finish(self, started: float) -> None:
        """Count out a request that was counted in at `started`."""
        self.in_flight -= 1
        self._finished += 1
        self._finished_seconds += time.monotonic() - started

    def _is_turn_ours(self) -> bool:
        """Whether a long turn of the loop is this process's own doing, or one of many."""
        is_saturated = self._saturated_seconds > 0 or min(self._lags) > self._max_queue_seconds
        return is_saturated or self._seen.is_busy_until(self._see())

    def _look(self) -> None:
        """See what has happened since the last look, and set the bound."""
        if time.monotonic() - self._seen.at < _LOOK_SECONDS:
            return
        before, self._seen = self._seen, self._see()
        passed, finished = self._seen.at - before.at, self._seen.finished - before.finished
        self._throughput += _weight(passed, _THROUGHPUT_SECONDS) * (
            finished / passed - self._throughput
        )
        is_busy = before.is_busy_until(self._seen)
        if is_busy or self._is_late():
            # a neighbour's doing alone is never more than a burst
            self._saturated_seconds += passed if is_busy else 0
            self.limit = self._bound()
            return
        self._saturated_seconds /= 2
        # not at once: a neighbour can make a process look idle in the middle of an overload
        self.limit = min(self._most, int(self.limit * _RISE) + 1)
        if finished:
            taken = (self._seen.finished_seconds - before.finished_seconds) / finished
            self._usual_seconds += _weight(passed, _USUAL_SECONDS) * (taken - self._usual_seconds)

    def _is_late(self) -> bool:
        """Whether the last heartbeat came too late, or the next one has not come for too long."""
        return self._lags[-1] > self._max_queue_seconds or self._seen.at > self._turn_ends

    def _bound(self) -> int:
        least, queue_seconds = self._least, self._max_queue_seconds
        if self._saturated_seconds < _BURST_SECONDS:
            least = BURST_IN_FLIGHT
            queue_seconds = max(queue_seconds, _BURST_QUEUE_SECONDS)
        served = int(self._throughput * (self._usual_seconds + queue_seconds))
        return min(self._most, max(least, served))

    def _see(self) -> "_Seen":
        return _Seen(time.monotonic(), time.process_time(), self._finished, self._finished_seconds)


class _Seen(NamedTuple):
    at: float
    used: float  # processor time of the process until then
    finished: int  # requests until then
    finished_seconds: float  # that those took together

    def is_busy_until(self, later: "_Seen") -> bool:
        """Whether the process used most of a processor in between."""
        return later.used - self.used >= _SATURATED_SHARE * (later.at - self.at)


def _weight(passed_seconds: float, memory_seconds: float) -> float:
    """The weight of the newest value in an average that forgets exponentially."""
    return -math.expm1(-passed_seconds / memory_seconds)


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
        elif limiter.is_full():
            self._on_shed(scope["method"])
            await _refusal()(scope, receive, send)
        else:
            started = limiter.start()
            try:
                await self._app(scope, receive, send)
            finally:
                limiter.finish(started)


def _refusal() -> Response:
    detail = "The service has as many requests as it can serve in time."
    return problem(503, detail, {"Retry-After": str(RETRY_AFTER_SECONDS)})
