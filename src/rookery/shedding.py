"""The bound on requests in flight: what cannot be served in time is refused at once.

A queue in front of a saturated process only turns requests into time-outs: each one waits, is
served when nobody listens any more, and makes the next one wait. So at most `max_in_flight`
requests are worked on, and fewer while the event loop is late. The loop's lag is the measure of
congestion, because everything that saturates a Python process delays the loop, be it a handler
that never awaits or forty threads that want the interpreter lock; requests that only wait for
something else do not.

The bound follows the lag by additive increase and multiplicative decrease, like TCP's congestion
window, and only a standing lag counts (its minimum over a few beats, as in CoDel, RFC 8289): one
late beat is a garbage collection or a neighbour on the node.
"""

from collections import deque
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rookery.errors import problem

RETRY_AFTER_SECONDS = 1

# The bound never falls below this: a few requests must run for the lag to be measured at all.
LEAST_IN_FLIGHT = 4
_STANDING_BEATS = 3
_DECREASE = 0.7
_INCREASE = 1.2


class Limiter:
    """Counts requests in flight and holds the bound on them.

    Args:
        max_in_flight: the bound while the event loop is on time.
        max_lag_seconds: standing lag from which the bound falls; 0 never lowers it.
    """

    def __init__(self, max_in_flight: int, max_lag_seconds: float) -> None:
        self._most = max_in_flight
        self._least = min(LEAST_IN_FLIGHT, max_in_flight)
        self._max_lag_seconds = max_lag_seconds
        self._lags: deque[float] = deque(maxlen=_STANDING_BEATS)
        self.limit = max_in_flight
        self.in_flight = 0

    def on_lag(self, lag_seconds: float) -> None:
        """Adjust the bound to the lag of one heartbeat."""
        self._lags.append(lag_seconds)
        if not self._max_lag_seconds or len(self._lags) < _STANDING_BEATS:
            return
        if min(self._lags) > self._max_lag_seconds:
            # from what is in flight, not from a bound that nothing had reached
            self.limit = max(self._least, int(min(self.limit, self.in_flight) * _DECREASE))
            self._lags.clear()
        elif self.limit < self._most:
            self.limit = min(self._most, int(self.limit * _INCREASE) + 1)


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
        elif limiter.in_flight >= limiter.limit:
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
