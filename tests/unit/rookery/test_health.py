"""Alive, ready, and how late the event loop is."""

import asyncio
import re
import time

from rookery.health import BEAT_SECONDS, Health


def test_not_ready_before_the_start():
    """Before its start a service is alive, and not ready."""
    health = Health(live_lag_seconds=30, ready_lag_seconds=2)

    assert (None, "starting") == (health.not_live(), health.not_ready())


def test_ready_until_the_drain():
    """A started service is ready until it drains; draining, it stays alive."""
    health = Health(live_lag_seconds=30, ready_lag_seconds=2)
    health.started = True
    before = health.not_ready()
    health.draining = True

    assert (None, "draining", None) == (before, health.not_ready(), health.not_live())


def test_a_loop_that_does_not_turn():
    """Without a heartbeat the service is first not ready, then not alive, and says for how long."""
    health = Health(live_lag_seconds=0.2, ready_lag_seconds=0.1)
    health.started = True
    time.sleep(0.3)

    assert re.fullmatch(r"the event loop has not turned for \d\.\d s", health.not_live() or "")
    assert re.fullmatch(r"the event loop is \d\.\d s late", health.not_ready() or "")
    assert 0.2 < health.lag_seconds() < 5


def test_heartbeat():
    """Each beat tells how late it was, and the largest lag is remembered."""
    health = Health(live_lag_seconds=30, ready_lag_seconds=2)
    lags: list[float] = []

    async def block_the_loop():
        task = asyncio.create_task(health.beat(lags.append))
        await asyncio.sleep(2 * BEAT_SECONDS)
        time.sleep(0.3)  # noqa: ASYNC251 - the loop is blocked: that is the test
        await asyncio.sleep(2 * BEAT_SECONDS)
        task.cancel()

    asyncio.run(block_the_loop())

    assert len(lags) >= 2
    assert max(lags) > 0.2
    assert health.lag_seconds() >= max(lags)
