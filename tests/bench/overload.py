"""Five times as many requests as a server can answer, each of which needs the processor."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import uvloop
from tests.bench import healthy
from tests.bench.load import OpenLoop, Outcome, closed_loop
from tests.bench.report import Figure, count, milliseconds, percent, ratio
from tests.bench.servers import FASTAPI, OURS_WORKING, Server, Variant, get, serving

TITLE = "Overload"
TEXT = """\
Five times the capacity, which is measured just before with 4 connections that wait for their
answers; each request needs 5 ms of processor. Open loop: requests come at random times, whatever
becomes of the earlier ones, with a time-out of 1 s and a new connection when no old one is free.
The overload begins at once, on a quiet server, lasts for half a minute, and all of it counts. Probes
and scrapes go to the admin port all the while."""

_FACTOR = 5
_ONSET_SECONDS = 1.0
_SECONDS_TO_RECOVER = 2.0  # so that the bound is where it is on a quiet day
_PROBES = ("/livez", "/readyz", "/metrics")


@dataclass
class _Run:
    capacity: float
    onset: Outcome
    steady: Outcome
    worst_probe: float

    @property
    def whole(self) -> Outcome:
        """From the first request on."""
        return self.onset + self.steady


def measure(*, quick: bool) -> list[Figure]:
    """The protected service against plain FastAPI, and what is healthy and must not be shed."""
    rounds, seconds = (1, 4.0) if quick else (3, 29.0)
    burns = [[_run(each, "/burn", seconds) for each in _VARIANTS] for _ in range(rounds)]
    spins = [_run(each, "/spin", min(seconds, 8)) for each in _VARIANTS]
    return [*_threads(burns), *_blocking(spins), *healthy.measure(quick=quick)]


_VARIANTS = (FASTAPI, OURS_WORKING)


def _run(variant: Variant, path: str, seconds: float) -> _Run:
    with serving(variant) as server:
        capacity = closed_loop(server.port, path, connections=4, seconds=2)
        time.sleep(_SECONDS_TO_RECOVER)
        with _probing(server, is_on=variant.is_ours) as times:
            users = OpenLoop(server.port)
            onset, steady = uvloop.run(users.run(path, _FACTOR * capacity, _ONSET_SECONDS, seconds))
    return _Run(capacity, onset, steady, max(times, default=0))


@contextmanager
def _probing(server: Server, *, is_on: bool) -> Iterator[list[float]]:
    """Probe and scrape from a thread until the block ends; gives the times, of all that answer."""
    times: list[float] = []
    over = threading.Event()

    def probe() -> None:
        while not over.wait(0.1):
            times.extend(_seconds_of_answer(server.admin_port, path) for path in _PROBES)

    thread = threading.Thread(target=probe)
    if is_on:
        thread.start()
    try:
        yield times
    finally:
        over.set()
        if is_on:
            thread.join()


def _seconds_of_answer(port: int, path: str) -> float:
    started = time.perf_counter()
    try:
        status, _ = get(port, path)
    except OSError:
        return float("inf")
    return time.perf_counter() - started if status == 200 else float("inf")


def _threads(rounds: list[list[_Run]]) -> list[Figure]:
    """Figures of the `def` endpoint."""
    plain, ours = ([runs[index] for runs in rounds] for index in (0, 1))
    probe = max(run.worst_probe for run in ours)
    return [
        _goodput(ours, plain),
        _time_outs(ours, plain),
        *_tails(ours, plain),
        Figure(
            "slowest probe or scrape",
            milliseconds(probe),
            f"of all {len(rounds)} rounds",
            "≤ 100 ms",
            reached=probe <= 0.1,
        ),
    ]


def _goodput(ours: list[_Run], plain: list[_Run]) -> Figure:
    share, plain_share = (
        median(r.whole.goodput / r.capacity for r in runs) for runs in (ours, plain)
    )
    shed = median(run.whole.count(503) / run.whole.seconds for run in ours)
    remark = f"bare FastAPI {percent(plain_share)}; 503s {shed:.0f}/s"
    name = "`def` endpoint: goodput ÷ capacity"
    return Figure(name, percent(share), remark, "≥ 95 %", reached=share >= 0.95)


def _time_outs(ours: list[_Run], plain: list[_Run]) -> Figure:
    number, of = sum(r.whole.failed for r in ours), sum(r.whole.asked for r in ours)
    worst = sum(r.steady.failed for r in ours)
    unprotected = sum(r.whole.failed for r in plain)
    remark = f"of {count(of)}, {worst} after the first second; bare FastAPI {count(unprotected)}"
    return Figure(
        "neither served nor refused in 1 s", count(number), remark, "0", reached=not number
    )


def _tails(ours: list[_Run], plain: list[_Run]) -> list[Figure]:
    name = "p99 of accepted ÷ bare FastAPI's"
    whole, plain_whole = (median(r.whole.percentile(0.99) for r in runs) for runs in (ours, plain))
    steady, plain_steady = (
        median(r.steady.percentile(0.99) for r in runs) for runs in (ours, plain)
    )
    value = whole / plain_whole
    remark = f"{milliseconds(whole)} ÷ {milliseconds(plain_whole)}"
    steadily = f"{milliseconds(steady)} ÷ {milliseconds(plain_steady)}"
    return [
        Figure(name, ratio(value), remark, "≤ 0.15 x", reached=value <= 0.15),
        Figure("the same after the first second", ratio(steady / plain_steady), steadily),
    ]


def _blocking(runs: list[_Run]) -> list[Figure]:
    """Figures of the `async def` endpoint that never awaits, to compare."""
    return [
        Figure(
            f"`async def` that never awaits, {name}: goodput ÷ capacity",
            percent(run.whole.goodput / run.capacity),
            f"time-outs {run.whole.failed / run.whole.seconds:.0f}/s, "
            f"503s {run.whole.count(503) / run.whole.seconds:.0f}/s, "
            f"p99 {milliseconds(run.whole.percentile(0.99))}",
        )
        for name, run in zip(("bare FastAPI", "Rookery"), runs, strict=True)
    ]
