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
The steady state is from one second on. Probes and scrapes go to the admin port all the while."""

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


def measure(*, quick: bool) -> list[Figure]:
    """The protected service against plain FastAPI, and what is healthy and must not be shed."""
    rounds, seconds = (1, 4.0) if quick else (3, 8.0)
    burns = [[_run(each, "/burn", seconds) for each in _VARIANTS] for _ in range(rounds)]
    spins = [_run(each, "/spin", seconds) for each in _VARIANTS]
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
    goodput = median(run.steady.goodput / run.capacity for run in ours)
    time_outs = sum(run.onset.failed + run.steady.failed for run in ours)
    tail = median(run.steady.percentile(0.99) for run in ours)
    plain_tail = median(run.steady.percentile(0.99) for run in plain)
    probe = max(run.worst_probe for run in ours)
    shed = median(run.steady.count(503) / run.steady.seconds for run in ours)
    plain_time_outs = median(run.steady.failed / run.steady.seconds for run in plain)
    plain_goodput = median(run.steady.goodput / run.capacity for run in plain)
    onset = median(run.onset.percentile(0.99) for run in ours)
    return [
        Figure(
            "`def` endpoint: goodput ÷ capacity",
            percent(goodput),
            f"bare FastAPI {percent(plain_goodput)}; 503s {shed:.0f}/s",
            "≥ 95 %",
            reached=goodput >= 0.95,
        ),
        Figure(
            "time-outs among accepted",
            count(time_outs),
            f"in all, from the first second on; bare FastAPI {plain_time_outs:.0f}/s",
            "0",
            reached=time_outs == 0,
        ),
        Figure(
            "p99 of accepted ÷ bare FastAPI's",
            ratio(tail / plain_tail),
            f"{milliseconds(tail)} ÷ {milliseconds(plain_tail)}; in the first second "
            f"{milliseconds(onset)}",
            "≤ 0.15 x",
            reached=tail / plain_tail <= 0.15,
        ),
        Figure(
            "slowest probe or scrape",
            milliseconds(probe),
            f"of all {len(rounds)} rounds",
            "≤ 100 ms",
            reached=probe <= 0.1,
        ),
    ]


def _blocking(runs: list[_Run]) -> list[Figure]:
    """Figures of the `async def` endpoint that never awaits, to compare."""
    return [
        Figure(
            f"`async def` that never awaits, {name}: goodput ÷ capacity",
            percent(run.steady.goodput / run.capacity),
            f"time-outs {run.steady.failed / run.steady.seconds:.0f}/s, "
            f"503s {run.steady.count(503) / run.steady.seconds:.0f}/s, "
            f"p99 {milliseconds(run.steady.percentile(0.99))}",
        )
        for name, run in zip(("bare FastAPI", "Rookery"), runs, strict=True)
    ]
