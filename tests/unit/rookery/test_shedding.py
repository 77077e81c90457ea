"""What is refused under overload, and what is not."""

import math

import httpx
import pytest
from fastapi import FastAPI
from tests.fake_clock import Clock
from tests.support import serving, settings

from rookery import create_app
from rookery.shedding import LEAST_IN_FLIGHT, Limiter, Shedding

MOST = 1000
MAX_LAG = 0.05


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("rookery.shedding.time", clock)
    return clock


def beat(limiter: Limiter, clock: Clock, *lags: float, share: float = 1.0) -> None:
    """Heartbeats that were late by `lags`, while the process had `share` of a processor."""
    for lag in lags:
        clock.now += 0.05 + lag
        clock.used += share * (0.05 + lag)
        limiter.on_lag(lag)


def limiter(in_flight: int = 0, most: int = MOST, max_lag: float = MAX_LAG) -> Limiter:
    made = Limiter(most, max_lag)
    made.in_flight = in_flight
    return made


def test_overload_lowers_the_bound(clock):
    """A busy process whose loop is late on three beats takes fewer than it has in flight."""
    overloaded = limiter(in_flight=40)
    beat(overloaded, clock, 0.02, 0.01, 0.02)

    assert 20 == overloaded.limit


def test_falls_by_no_more_than_a_factor(clock):
    """However late the loop is, part of what is in flight may only wait for something else."""
    overloaded = limiter(in_flight=100)
    beat(overloaded, clock, 0.4, 0.4, 0.4)

    assert 30 == overloaded.limit


def test_never_below_the_least(clock):
    """A few requests are always worked on."""
    overloaded = limiter(in_flight=2)
    beat(overloaded, clock, *[0.4] * 30)

    assert LEAST_IN_FLIGHT == overloaded.limit


def test_least_is_not_above_the_most(clock):
    """A small `max_in_flight` is kept."""
    overloaded = limiter(in_flight=2, most=2)
    beat(overloaded, clock, *[0.4] * 30)

    assert 2 == overloaded.limit


def test_waits_after_a_fall(clock):
    """The three beats after a fall show what it has changed."""
    overloaded = limiter(in_flight=100)
    beat(overloaded, clock, *[0.4] * 5)

    assert 30 == overloaded.limit


def test_short_burst_is_no_overload(clock):
    """What was late for a moment, and is through already, leaves room for the next ones."""
    healthy = limiter(in_flight=3)
    beat(healthy, clock, 0.01, 0.01, 0.01)

    assert 16 == healthy.limit


def test_beats_on_time_are_no_overload(clock):
    """A garbage collection, or one request that computes for long, refuses nobody."""
    healthy = limiter(in_flight=40)
    beat(healthy, clock, 0.02, 0, 0.3, 0.02, 0, 0.3, 0.02, 0)

    assert MOST == healthy.limit


def test_busy_on_time_is_no_overload(clock):
    """A process that uses all of a processor and is on time does what it can."""
    healthy = limiter(in_flight=40)
    beat(healthy, clock, *[0.004] * 10)

    assert MOST == healthy.limit


def test_neighbour_is_no_overload(clock):
    """A process that is late because others have the processor refuses nobody."""
    healthy = limiter(in_flight=40)
    beat(healthy, clock, *[0.04] * 10, share=0.5)

    assert MOST == healthy.limit


def test_far_too_late_is_overload(clock):
    """Whatever the reason, a loop that is later than the setting allows cannot serve in time."""
    overloaded = limiter(in_flight=40)
    beat(overloaded, clock, 0.1, 0.1, 0.1, share=0.2)

    assert 20 == overloaded.limit


def test_rises_slowly_while_busy(clock):
    """While the process is busy, and on time, the bound rises by one at a time."""
    recovering = limiter(in_flight=100)
    beat(recovering, clock, 0.4, 0.4, 0.4)
    beat(recovering, clock, 0, 0.02, 0)

    assert 31 == recovering.limit


def test_falls_again_with_one_beat_on_time(clock):
    """Once there is overload, it is not over with one beat on time."""
    overloaded = limiter(in_flight=100)
    beat(overloaded, clock, 0.4, 0.4, 0.4)
    beat(overloaded, clock, 0.01, 0, 0.02)

    assert 15 == overloaded.limit


def test_rises_fast_when_it_is_over(clock):
    """When the process has time again the bound is soon where it was, and not above."""
    recovering = limiter(in_flight=2)
    beat(recovering, clock, 0.4, 0.4, 0.4)
    limits = []
    for _ in range(30):
        beat(recovering, clock, 0, share=0.1)
        limits.append(recovering.limit)

    assert sorted(limits) == limits
    assert MOST == limits[-1]


def test_turn_that_computes_for_long(clock):
    """A turn of the loop in which this process computes for too long has to end."""
    bound = limiter()
    beat(bound, clock, 0)
    lates = []
    for seconds in (0.09, 0.02):
        clock.now += seconds
        clock.used += seconds
        lates.append(bound.is_late())

    assert [False, True] == lates


def test_turn_without_processor(clock):
    """A turn that is long because others have the processor may go on."""
    bound = limiter()
    beat(bound, clock, 0)
    clock.now += 0.5

    assert not bound.is_late()


def test_turn_under_overload(clock):
    """Once there is overload no turn may be long, whoever has the processor."""
    bound = limiter(in_flight=40)
    beat(bound, clock, 0.1, 0.1, 0.1)
    clock.now += 0.11

    assert bound.is_late()


def test_zero_turns_it_off(clock):
    """With `max_lag_seconds` 0 only `max_in_flight` bounds."""
    fixed = limiter(in_flight=40, max_lag=0)
    beat(fixed, clock, *[0.4] * 10)

    assert (MOST, math.inf) == (fixed.limit, fixed.late_at)


def test_forgets_with_the_last_beat(clock):
    """What the heartbeat said does not outlive it: the application may be started again."""
    stopped = limiter(in_flight=40)
    beat(stopped, clock, 0.4, 0.4, 0.4)
    stopped.on_last_beat()

    assert (MOST, math.inf) == (stopped.limit, stopped.late_at)


def shedding(limiter: Limiter) -> tuple[FastAPI, list[str]]:
    """An application that answers how many are in flight, and the methods that were refused."""
    app, shed = FastAPI(), []

    @app.get("/")
    async def in_flight() -> int:
        return limiter.in_flight

    app.add_middleware(Shedding, limiter=limiter, on_shed=shed.append)
    return app, shed


def client_of(app) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rookery")


async def test_counts_what_is_in_flight():
    """A request counts until it is answered."""
    bound = limiter()
    app, _ = shedding(bound)
    async with client_of(app) as client:
        response = await client.get("/")

    assert 1 == response.json()
    assert 0 == bound.in_flight


async def test_refuses_past_the_bound():
    """Past the bound, a problem with status 503 that says when to come again."""
    bound = limiter(in_flight=3, most=3)
    app, shed = shedding(bound)
    async with client_of(app) as client:
        response = await client.get("/")

    assert 503 == response.status_code
    assert "1" == response.headers["retry-after"]
    assert "application/problem+json" == response.headers["content-type"]
    assert ["GET"] == shed
    assert 3 == bound.in_flight


async def test_refuses_late_in_a_turn(clock):
    """What a turn of the loop comes to too late is refused, until the next beat."""
    bound = limiter()
    app, shed = shedding(bound)
    statuses = []
    async with client_of(app) as client:
        beat(bound, clock, 0.1, 0.1, 0.1)
        for seconds in (0.09, 0.02):
            clock.now += seconds
            statuses.append((await client.get("/")).status_code)
        beat(bound, clock, 0)
        statuses.append((await client.get("/")).status_code)

    assert [200, 503, 200] == statuses
    assert ["GET"] == shed


async def test_a_raising_handler_is_not_in_flight():
    """An exception ends a request, too."""
    bound = limiter()
    app, _ = shedding(bound)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError

    async with client_of(app) as client:
        with pytest.raises(RuntimeError):
            await client.get("/broken")

    assert 0 == bound.in_flight


async def test_passes_what_is_no_request():
    """The lifespan and the like are never refused."""
    passed = []

    async def app(scope, *_):
        passed.append(scope["type"])

    await Shedding(app, limiter(in_flight=1, most=1), print)({"type": "lifespan"}, None, None)

    assert ["lifespan"] == passed


def test_probes_are_never_refused():
    """The bound is for the service's own requests."""
    app = create_app(settings(max_in_flight=1))
    app.state.rookery.limiter.in_flight = 1
    with serving(app) as client:
        statuses = [client.get(path).status_code for path in ("/livez", "/readyz", "/metrics", "/")]

    assert [200, 200, 200, 503] == statuses
