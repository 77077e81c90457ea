"""What is refused under overload, and what is not."""

import httpx
import pytest
from fastapi import FastAPI
from tests.fake_clock import Clock
from tests.support import serving, settings

from rookery import create_app
from rookery.shedding import BURST_IN_FLIGHT, LEAST_IN_FLIGHT, Limiter, Shedding

MOST = 1000
MAX_QUEUE = 0.06
LOOK = 0.04  # seconds; long enough to be looked at


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("rookery.shedding.time", clock)
    return clock


def limiter(in_flight: int = 0, most: int = MOST, max_queue: float = MAX_QUEUE) -> Limiter:
    made = Limiter(most, max_queue)
    made.in_flight = in_flight
    return made


def work(limiter: Limiter, clock: Clock, seconds: float, **options: float) -> None:
    """Serve `rate` requests a second, each of which takes `taken` seconds, and look all the time.

    The process uses `share` of a processor; each heartbeat is late by `lag`.
    """
    rate, taken, share, lag = {
        "rate": 200,
        "taken": 0.005,
        "share": 1,
        "lag": 0,
        **options,
    }.values()
    end, served = clock.now + seconds, 0.0
    while clock.now < end:
        clock.now += LOOK
        clock.used += share * LOOK
        served += rate * LOOK
        while served >= 1:
            limiter.start()
            limiter.finish(clock.now - taken)
            served -= 1
        limiter.on_lag(lag)


def test_overload_lowers_the_bound(clock):
    """A process without processor time takes what it serves in the time it may take: Little."""
    overloaded = limiter()
    work(overloaded, clock, 5)

    assert pytest.approx(200 * MAX_QUEUE, abs=1) == overloaded.limit


def test_usual_time_is_in_the_bound(clock):
    """Requests that usually wait for something else may be in flight for as long."""
    overloaded = limiter()
    work(overloaded, clock, 30, taken=1, share=0.3)
    work(overloaded, clock, 5, taken=1.2)

    assert pytest.approx(200 * (1 + MAX_QUEUE), rel=0.01) == overloaded.limit


def test_burst_has_more_room(clock):
    """What is worked off in a moment is not refused."""
    bursting = limiter()
    work(bursting, clock, 5, share=0.5, rate=400)
    work(bursting, clock, 0.3, rate=400)

    assert pytest.approx(400 * 0.2, abs=4) == bursting.limit


def test_burst_out_of_silence(clock):
    """A process that has served nothing yet takes as many as it has threads."""
    bursting = limiter()
    work(bursting, clock, 0.3, rate=0)

    assert BURST_IN_FLIGHT == bursting.limit


def test_never_below_the_least(clock):
    """A few requests are always worked on."""
    overloaded = limiter()
    work(overloaded, clock, 5, rate=1)

    assert LEAST_IN_FLIGHT == overloaded.limit


@pytest.mark.parametrize("seconds", [0.3, 5])
def test_never_above_the_most(clock, seconds):
    """A small `max_in_flight` is kept, in a burst, too."""
    overloaded = limiter(most=2)
    work(overloaded, clock, seconds)

    assert 2 == overloaded.limit


def test_busy_is_no_overload(clock):
    """A process with time to spare refuses nobody."""
    healthy = limiter()
    work(healthy, clock, 5, share=0.7)

    assert MOST == healthy.limit


def test_one_late_beat_leaves_room(clock):
    """After a garbage collection, or one request that computes for long, there is a burst."""
    healthy = limiter()
    work(healthy, clock, 5, share=0.5)
    work(healthy, clock, LOOK, share=0.5, lag=0.3)

    assert BURST_IN_FLIGHT == healthy.limit


def test_standing_lag_is_a_burst(clock):
    """Without processor time of its own, too, by a quota or neighbours: a wide bound."""
    throttled = limiter()
    work(throttled, clock, 5, rate=400, share=0.3, lag=0.1)

    assert pytest.approx(400 * 0.2, abs=4) == throttled.limit


def test_rises_when_the_saturation_ends(clock):
    """When the process has time again the bound is soon where it was, and not above."""
    recovering = limiter()
    work(recovering, clock, 5)
    limits = []
    for _ in range(30):
        work(recovering, clock, LOOK, share=0.5)
        limits.append(recovering.limit)

    assert sorted(limits) == limits
    assert (14, MOST) == (limits[0], limits[-1])


def test_looks_between_beats(clock):
    """A loop that is too late to beat still finds out, by the requests that come."""
    overloaded = limiter(in_flight=BURST_IN_FLIGHT)
    clock.now = clock.used = 0.04

    assert overloaded.is_full()


def test_turn_that_computes_for_long(clock):
    """A turn of the loop in which this process computes for too long has to end."""
    bound = limiter()
    bound.on_lag(0)
    fulls = []
    for seconds in (0.1, 0.02):
        clock.now += seconds
        clock.used += seconds
        fulls.append(bound.is_full())

    assert [False, True] == fulls


def test_turn_without_processor(clock):
    """A turn that is long because others have the processor may go on."""
    bound = limiter()
    bound.on_lag(0)
    clock.now += 0.5

    assert not bound.is_full()


def test_turn_under_overload(clock):
    """Once there is overload no turn may be long, whoever has the processor."""
    bound = limiter()
    work(bound, clock, 5)
    clock.now += 0.5

    assert bound.is_full()


@pytest.mark.parametrize(("lags", "is_full"), [((0.1, 0, 0.1), False), ((0.1, 0.1, 0.1), True)])
def test_turn_with_standing_lag(clock, lags, is_full):
    """A process that a quota holds back may take no long turn, once that is how it goes."""
    throttled = limiter()
    for lag in lags:
        clock.now += 0.15
        throttled.on_lag(lag)
    clock.now += 0.15

    assert is_full == throttled.is_full()


def test_zero_turns_it_off(clock):
    """With `max_queue_seconds` 0 only `max_in_flight` bounds."""
    fixed = limiter(max_queue=0)
    work(fixed, clock, 5, lag=0.4)
    fixed.in_flight = MOST - 1
    clock.now = clock.used = 10

    assert not fixed.is_full()
    assert MOST == fixed.limit


def test_forgets_with_the_last_beat(clock):
    """What the heartbeat said does not outlive it: the application may be started again."""
    stopped = limiter()
    work(stopped, clock, 5)
    stopped.on_last_beat()
    clock.now += 10

    assert not stopped.is_full()
    assert MOST == stopped.limit


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
        work(bound, clock, 1)
        for seconds in (0.09, 0.04):
            clock.now += seconds
            statuses.append((await client.get("/")).status_code)
        bound.on_lag(0)
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
