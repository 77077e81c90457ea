"""What live and ready mean."""

import asyncio
import time

import pytest
from tests.fake_clock import Clock

from rookery.health import BEAT_SECONDS, Health


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("rookery.health.time", clock)
    return clock


def started() -> Health:
    health = Health(live_lag_seconds=30, ready_lag_seconds=2)
    health.started = True
    return health


def test_alive_and_ready(clock):
    """A started service whose loop turns is both."""
    health = started()
    clock.now = BEAT_SECONDS

    assert (None, None) == (health.not_live(), health.not_ready())


def test_not_ready_before_the_start():
    """Until its own start-up is over a service is alive and not ready."""
    health = Health(30, 2)

    assert (None, "starting") == (health.not_live(), health.not_ready())


def test_not_ready_while_draining():
    """From SIGTERM on a service is alive and not ready."""
    health = started()
    health.draining = True

    assert (None, "draining") == (health.not_live(), health.not_ready())


def test_late_is_alive_and_not_ready(clock):
    """A loop that is blocked for seconds gets no requests, and no restart."""
    health = started()
    clock.now = BEAT_SECONDS + 2.01

    assert (None, "the event loop is 2.0 s late") == (health.not_live(), health.not_ready())


def test_blocked_is_not_alive(clock):
    """A loop that is blocked for longer than the bound is to be restarted."""
    health = started()
    clock.now = BEAT_SECONDS + 30.01

    assert "the event loop has not turned for 30.0 s" == health.not_live()


def test_lag_while_it_is_late(clock):
    """A loop that has not come back yet shows in the metric already."""
    health = started()
    clock.now = BEAT_SECONDS + 1

    assert pytest.approx(1) == health.lag_seconds()


async def test_beats():
    """Each beat says by how much it was late, and the largest is remembered."""
    health, lags = started(), []
    task = asyncio.create_task(health.beat(lags.append))
    await asyncio.sleep(BEAT_SECONDS / 2)
    time.sleep(2 * BEAT_SECONDS)  # noqa: ASYNC251 - blocks the loop
    await asyncio.sleep(2 * BEAT_SECONDS)
    task.cancel()

    assert max(lags) == health.lag_seconds()
    assert max(lags) >= BEAT_SECONDS
