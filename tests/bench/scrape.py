"""A scrape after a flood of everything that a caller can invent."""

import random
import string
import time
from statistics import median

import uvloop
from tests.bench.load import request, send_all
from tests.bench.report import Figure, count, milliseconds
from tests.bench.servers import OURS_LOGGING, get, serving

TITLE = "Metrics after a flood"
TEXT = "After 10,000 random paths and 500 invented methods; scraped from the admin port."

_PATHS, _METHODS, _SCRAPES = 10_000, 500, 50
_REAL_METHODS = ("PROPFIND", "MKCOL", "REPORT", "LOCK", "SEARCH", "PURGE", "TRACE", "DELETE")


def measure(*, quick: bool) -> list[Figure]:  # noqa: ARG001 - it is quick anyway
    """Median time of a scrape, and how many series it has."""
    with serving(OURS_LOGGING) as server:
        uvloop.run(send_all(server.port, _flood()))
        times = []
        for _ in range(_SCRAPES):
            started = time.perf_counter()
            _, body = get(server.admin_port, "/metrics")
            times.append(time.perf_counter() - started)
    series = sum(not line.startswith(b"#") for line in body.splitlines())
    taken, remark = median(times), f"median of {_SCRAPES}; {count(len(body))} bytes"
    return [
        Figure("scrape", milliseconds(taken), remark, "≤ 2 ms", reached=taken <= 0.002),
        Figure("series", count(series), "", "≤ 100", "≤ 60", reached=series <= 100),
    ]


def _flood() -> list[bytes]:
    chance = random.Random(1)
    paths = [request("/" + _word(chance, string.ascii_lowercase + "/%.")) for _ in range(_PATHS)]
    methods = [request("/test", _word(chance, string.ascii_uppercase)) for _ in range(_METHODS)]
    return [*paths, *methods, *(request("/test", method) for method in _REAL_METHODS)]


def _word(chance: random.Random, letters: str) -> str:
    return "".join(chance.choices(letters, k=chance.randint(3, 20)))
