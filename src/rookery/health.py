"""Whether the service is alive, and whether it is ready.

Two questions. **Live**: the event loop still turns. **Ready**: started, not draining, and the loop
turns fast enough to be worth sending a request to. Neither ever asks a dependency: a database that
is down must not restart the pods that wait for it.

A loop that is late is a symptom of this process alone. A service that sheds load stays ready: if it
did not, an overload would take every pod out of the Service at once.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

BEAT_SECONDS = 0.05
_REMEMBERED_BEATS = int(15 / BEAT_SECONDS)  # one scrape interval


class Health:
    """The state that the probes ask for; written by the event loop, read from any thread.

    Args:
        live_lag_seconds: age of the last heartbeat from which the service is not alive.
        ready_lag_seconds: age of the last heartbeat from which it is not ready.
    """

    def __init__(self, live_lag_seconds: float, ready_lag_seconds: float) -> None:
        self._live_lag_seconds = live_lag_seconds
        self._ready_lag_seconds = ready_lag_seconds
        self._lags: deque[float] = deque([0.0], maxlen=_REMEMBERED_BEATS)
        self._last_beat = time.monotonic()
        self.started = False
        self.draining = False

    def lag_seconds(self) -> float:
        """The largest lag of the event loop within the last 15 seconds."""
        return max(*self._lags, self._late_seconds())

    def not_live(self) -> str | None:
        """Why the service is not alive, or None."""
        if self._late_seconds() >= self._live_lag_seconds:
            return f"the event loop has not turned for {self._late_seconds():.1f} s"
        return None

    def not_ready(self) -> str | None:
        """Why the service is not ready, or None."""
        if not self.started:
            return "starting"
        if self.draining:
            return "draining"
        if self._late_seconds() >= self._ready_lag_seconds:
            return f"the event loop is {self._late_seconds():.1f} s late"
        return None

    async def beat(self, on_lag: Callable[[float], None]) -> None:
        """Beat until cancelled, and tell `on_lag` each time by how many seconds it was late."""
        while True:
            due = time.monotonic() + BEAT_SECONDS
            await asyncio.sleep(BEAT_SECONDS)
            self._last_beat = time.monotonic()
            lag = self._last_beat - due
            self._lags.append(lag)
            on_lag(lag)

    def _late_seconds(self) -> float:
        return max(0.0, time.monotonic() - self._last_beat - BEAT_SECONDS)
