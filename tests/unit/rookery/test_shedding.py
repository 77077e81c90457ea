"""The bound on requests in flight: when it refuses, and when it moves."""

import asyncio
import threading
import time

import httpx
from tests.support import free_port, series, serving, settings, until

from rookery import create_app
from rookery.shedding import LEAST_IN_FLIGHT, Limiter


def beats(limiter: Limiter, lag_seconds: float, count: int = 10) -> None:
    for _ in range(count):
        limiter.on_lag(lag_seconds)


def test_bound_falls_while_the_loop_stands_late():
    """Standing lag lowers the bound from what is in flight, but never below what keeps it busy."""
    limiter = Limiter(1000, max_lag_seconds=0.05)
    limiter.in_flight = 100
    beats(limiter, 0.2)

    assert LEAST_IN_FLIGHT <= limiter.limit < 100

    beats(limiter, 0.2, count=200)

    assert LEAST_IN_FLIGHT == limiter.limit


def test_one_late_beat_is_no_congestion():
    """A garbage collection or a neighbour makes one beat late; nobody is refused for it."""
    limiter = Limiter(1000, max_lag_seconds=0.05)
    for lag in (0, 0.3, 0, 0, 0.3, 0, 0):
        limiter.on_lag(lag)

    assert 1000 == limiter.limit


def test_bound_comes_back():
    """Once the loop is on time again, the bound rises to where it was."""
    limiter = Limiter(1000, max_lag_seconds=0.05)
    beats(limiter, 0.2)
    beats(limiter, 0, count=2000)

    assert 1000 == limiter.limit


def test_fixed_bound():
    """Without a bound on the lag, the bound on requests does not move."""
    limiter = Limiter(1000, max_lag_seconds=0)
    beats(limiter, 5)

    assert 1000 == limiter.limit


def test_small_bound():
    """A bound below the least is kept as it is."""
    limiter = Limiter(2, max_lag_seconds=0.05)
    beats(limiter, 5)

    assert 2 == limiter.limit


def test_refusal():
    """Past the bound the answer is a 503 that says when to come again; then there is room again."""
    app = create_app(settings(max_in_flight=1))
    release = threading.Event()

    @app.get("/hold")
    def hold() -> None:
        release.wait(10)

    with serving(app) as client:
        holder = threading.Thread(target=httpx.get, args=(f"{client.base_url}/hold",))
        holder.start()
        until(lambda: app.state.rookery.limiter.in_flight)
        refused = client.get("/hold")
        release.set()
        holder.join()
        accepted = client.get("/hold")

    assert (503, "1") == (refused.status_code, refused.headers["retry-after"])
    assert "Service Unavailable" == refused.json()["title"]
    assert 200 == accepted.status_code


def test_probes_and_metrics_are_never_refused():
    """What operators ask for is answered however many requests are in flight."""
    app = create_app(settings(max_in_flight=1))
    app.state.rookery.limiter.limit = 0
    with serving(app) as client:
        answers = {path: client.get(path).status_code for path in ("/livez", "/readyz", "/metrics")}

    assert {"/livez": 200, "/readyz": 200, "/metrics": 200} == answers


def test_waiting_requests_are_no_congestion():
    """Hundreds of requests that only wait for something else do not lower the bound."""
    app = create_app(settings())

    @app.get("/wait")
    async def wait() -> None:
        await asyncio.sleep(1)

    async def many(base_url: str) -> list[int]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=30) as client:
            return [
                answer.status_code
                for answer in await asyncio.gather(*(client.get("/wait") for _ in range(200)))
            ]

    with serving(app) as client:
        assert {200} == set(asyncio.run(many(str(client.base_url))))


def test_overload_is_shed():
    """Many times more work than there is time for: some is done, the rest refused at once."""
    port = free_port()
    app = create_app(settings(admin_port=port))

    @app.get("/work")
    def work() -> None:
        until_then = time.thread_time() + 0.02
        while time.thread_time() < until_then:
            pass

    def hammer(base_url: str, outcomes: list[int]) -> None:
        with httpx.Client(base_url=base_url, timeout=30) as client:
            while time.monotonic() < end:
                outcomes.append(client.get("/work").status_code)

    outcomes: list[int] = []
    with serving(app) as client:
        end = time.monotonic() + 4
        threads = [
            threading.Thread(target=hammer, args=(str(client.base_url), outcomes))
            for _ in range(40)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shed = series(httpx.get(f"http://127.0.0.1:{port}/metrics").text)[
            "rookery_requests_shed_total"
        ]

    assert {200, 503} == set(outcomes)
    assert shed == outcomes.count(503)
