"""What the test build has beyond `src/app.py`, to whose text this is appended in the pods.

Slow requests, work for the processor, memory without end, and headers that say which pod has
answered, and for how long it had been draining then.
"""

import asyncio
import contextlib
import os
import time
from typing import Any

import rookery

if "NEVER_READY" in os.environ:

    @contextlib.asynccontextmanager
    async def _waits_in_vain(_: Any):
        await asyncio.sleep(3600)
        yield

    app = rookery.create_app(lifespan=_waits_in_vain)


class _Pod:
    """ASGI middleware: adds the two headers."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._name = os.environ.get("HOSTNAME", "").encode()
        self._draining_since: float | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        arrived = self._draining_seconds() if scope["type"] == "http" else None

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-pod", self._name)]
                if arrived is not None:
                    message["headers"].append((b"x-draining", b"%.3f" % arrived))
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _draining_seconds(self) -> float | None:
        if not app.state.rookery.health.draining:
            return None
        self._draining_since = self._draining_since or time.monotonic()
        return time.monotonic() - self._draining_since


@app.post("/test")
async def posted() -> dict[str, int]:
    """The same answer to a request that no client sends a second time by itself."""
    return {"status": 200}


@app.api_route("/slow/{seconds}", methods=["GET", "POST"])
async def slow(seconds: float) -> dict[str, int]:
    await asyncio.sleep(seconds)
    return {"status": 200}


@app.api_route("/work/{milliseconds}", methods=["GET", "POST"])
async def work(milliseconds: float) -> dict[str, int]:
    """Use the processor for so long."""
    until = time.thread_time() + milliseconds / 1000
    while time.thread_time() < until:
        pass
    return {"status": 200}


@app.post("/memory")
async def memory() -> None:
    """Take memory until the kernel kills the container with SIGKILL."""
    held = []
    while True:
        held.append(os.urandom(1 << 20))


app.add_middleware(_Pod)
