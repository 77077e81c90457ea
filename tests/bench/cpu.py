"""Processor time of a request: of the server's process, which a busy machine does not change."""

import contextlib
from statistics import median

from tests.bench.load import closed_loop
from tests.bench.report import Figure, percent, ratio
from tests.bench.servers import (
    BARE,
    FASTAPI,
    INSTRUMENTED,
    OURS,
    OURS_LOGGING,
    Server,
    Variant,
    serving,
)

TITLE = "Processor time of a request"
TEXT = "`GET /test` over 32 keep-alive connections; the server has one core and the load another."

_VARIANTS = (FASTAPI, BARE, INSTRUMENTED, OURS, OURS_LOGGING)


def measure(*, quick: bool) -> list[Figure]:
    """Medians over rounds in which every variant has its turn."""
    rounds, requests = (3, 3000) if quick else (7, 8000)
    with contextlib.ExitStack() as stack:
        servers = {each: stack.enter_context(serving(each)) for each in _VARIANTS}
        for server in servers.values():
            _seconds_a_request(server, 2000)
        taken = [
            {each: _seconds_a_request(server, requests) for each, server in servers.items()}
            for _ in range(rounds)
        ]
    compared = [_comparison(each, taken) for each in (BARE, INSTRUMENTED)]
    return [*compared, _whole_stack(taken), _access_log(taken)]


def _seconds_a_request(server: Server, requests: int) -> float:
    before = server.cpu_seconds()
    closed_loop(server.port, "/test", requests=requests)
    return (server.cpu_seconds() - before) / requests


def _ratio(taken: list[dict[Variant, float]], variant: Variant, base: Variant) -> float:
    return median(each[variant] / each[base] for each in taken)


def _microseconds(taken: list[dict[Variant, float]], variant: Variant) -> str:
    middle = median(each[variant] for each in taken) * 1e6
    least = min(each[variant] for each in taken) * 1e6
    return f"{middle:.0f} µs, at least {least:.0f}"


def _comparison(variant: Variant, taken: list[dict[Variant, float]]) -> Figure:
    value = ratio(_ratio(taken, variant, FASTAPI))
    return Figure(f"{variant.name} ÷ bare FastAPI", value, _microseconds(taken, variant))


def _whole_stack(taken: list[dict[Variant, float]]) -> Figure:
    value = _ratio(taken, OURS, FASTAPI)
    base = _microseconds(taken, FASTAPI)
    remark = f"{_microseconds(taken, OURS)}; bare FastAPI {base}"
    name = f"{OURS.name} ÷ bare FastAPI"
    return Figure(name, ratio(value), remark, "≤ 1.00 x", "≤ 0.80 x", reached=value <= 1)


def _access_log(taken: list[dict[Variant, float]]) -> Figure:
    value = _ratio(taken, OURS_LOGGING, OURS) - 1
    remark = f"{ratio(_ratio(taken, OURS_LOGGING, FASTAPI))} bare FastAPI in all"
    name = "what the access log adds"
    return Figure(name, percent(value), remark, "≤ 17 %", reached=value <= 0.17)
