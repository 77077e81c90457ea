"""The service with a fault in it: mounted over src/app.py for a drill.

`DRILL_WAIT_SECONDS` is waited for in each request, as for a slow dependency; `DRILL_BLOCK_SECONDS`
is spent in a call that blocks the event loop.
"""

import asyncio
import os
import time

from fastapi import FastAPI

import rookery

WAIT_SECONDS = float(os.environ.get("DRILL_WAIT_SECONDS", "0"))
BLOCK_SECONDS = float(os.environ.get("DRILL_BLOCK_SECONDS", "0"))


def create_app(settings: rookery.Settings | None = None) -> FastAPI:
    """The service, slower."""
    app = rookery.create_app(settings, title="Drill")

    @app.get("/test")
    async def test() -> dict[str, int]:
        await asyncio.sleep(WAIT_SECONDS)
        time.sleep(BLOCK_SECONDS)  # noqa: ASYNC251 - this is the fault
        return {"status": 200}

    return app


app = create_app()
