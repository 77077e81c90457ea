"""The endpoints that are loaded, the same for every application."""

import asyncio
import random
import time

from fastapi import FastAPI

BURN_SECONDS = 0.005


def add_work(app: FastAPI) -> None:
    """Give `app` an endpoint for each way in which a service is busy."""

    @app.get("/burn")
    def burn() -> dict[str, int]:
        """Needs the processor, in a thread of the pool."""
        return {"sum": _burn()}

    @app.get("/spin")
    async def spin() -> dict[str, int]:
        """Needs the processor, and blocks the event loop."""
        return {"sum": _burn()}

    @app.get("/wait")
    async def wait() -> dict[str, int]:
        """Waits for something else, as most services do most of the time."""
        await asyncio.sleep(random.uniform(1, 3))
        return {"sum": 0}


def _burn() -> int:
    """Work in steps of some microseconds, until this thread has had `BURN_SECONDS` of processor."""
    end, total = time.thread_time() + BURN_SECONDS, 0
    while time.thread_time() < end:
        total += sum(range(100))
    return total
