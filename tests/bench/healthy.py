"""Traffic that a service can serve, in the shapes that a shedder could mistake for overload."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

import uvloop
from tests.bench.apps.work import BURN_SECONDS
from tests.bench.load import OpenLoop, Outcome
from tests.bench.report import Figure, count
from tests.bench.servers import OURS_WORKING, Server, pinned, serving

_BURNERS = 2  # one for each core that the server may use
_SLOW_A_SECOND = 250  # of 1 to 3 s each: 500 in flight
_BURST = 200
_LOAD = 0.7  # of capacity: above what an autoscaler aims at


def measure(*, quick: bool) -> list[Figure]:
    """What of it was refused or failed: nothing should be."""
    seconds = 4.0 if quick else 10.0
    with serving(OURS_WORKING) as server:
        slow = uvloop.run(_slow_and_fast(server, seconds))
    with serving(OURS_WORKING) as server:
        bursts = uvloop.run(_bursts(server, 3 if quick else 10))
    with serving(OURS_WORKING) as server:
        busy = uvloop.run(_together(server, seconds, {"/burn": _LOAD / BURN_SECONDS}))
    with serving(OURS_WORKING, core=None) as server, _noisy_neighbours():
        beside = uvloop.run(_moderate(server, seconds))
    return [
        _figure("500 in flight that wait 1 to 3 s, and 300/s fast ones", slow),
        _figure(f"bursts of {_BURST} at once", bursts),
        _figure(f"{_LOAD:.0%} of capacity, by requests that compute", busy),
        _figure("moderate load beside processes that burn every core", beside),
    ]


async def _slow_and_fast(server: Server, seconds: float) -> list[Outcome]:
    return await _together(server, seconds, {"/wait": _SLOW_A_SECOND, "/test": 300})


async def _bursts(server: Server, times: int) -> list[Outcome]:
    outcomes, users = [], OpenLoop(server.port, patience=5)
    for _ in range(times):
        outcomes.append(await users.burst("/test", _BURST))
        await asyncio.sleep(0.3)
    return outcomes


async def _moderate(server: Server, seconds: float) -> list[Outcome]:
    """About a third of a core: what a pod gets that is busy and not overloaded."""
    return await _together(server, seconds, {"/test": 300, "/burn": 40})


async def _together(server: Server, seconds: float, rates: dict[str, float]) -> list[Outcome]:
    """Ask for each path so many times a second, with more patience than the slowest needs."""
    runs = (
        OpenLoop(server.port, patience=5, seed=seed).run(path, rate, seconds)
        for seed, (path, rate) in enumerate(rates.items())
    )
    return [outcome for (outcome,) in await asyncio.gather(*runs)]


@contextlib.contextmanager
def _noisy_neighbours() -> Iterator[None]:
    with pinned(None):
        burners = [
            subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(_BURNERS)
        ]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def _figure(name: str, outcomes: list[Outcome]) -> Figure:
    asked = sum(each.asked for each in outcomes)
    bad = asked - sum(each.count(200) for each in outcomes)
    return Figure(f"{name}: not served", count(bad), f"of {asked}", "0", reached=bad == 0)
