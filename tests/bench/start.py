"""Cold start: from the start of the process to its first 200."""

import time
from statistics import median

from tests.bench.report import Figure, milliseconds, ratio
from tests.bench.servers import BARE, FASTAPI, INSTRUMENTED, OURS_LOGGING, Server, Variant

TITLE = "Cold start"
TEXT = "From the start of the process to its first 200, with bytecode on disk and one core."

_VARIANTS = (BARE, FASTAPI, INSTRUMENTED, OURS_LOGGING)


def measure(*, quick: bool) -> list[Figure]:
    """Medians over rounds in which every variant has its turn."""
    _round()  # writes the bytecode
    taken = [_round() for _ in range(3 if quick else 11)]
    return [_figure(each, taken) for each in _VARIANTS]


def _round() -> dict[Variant, float]:
    return {each: _seconds(each) for each in _VARIANTS}


def _seconds(variant: Variant) -> float:
    started = time.perf_counter()
    server = Server(variant)
    try:
        server.until_ready()
        return time.perf_counter() - started
    finally:
        server.kill()


def _figure(variant: Variant, taken: list[dict[Variant, float]]) -> Figure:
    times = [each[variant] for each in taken]
    remark = f"{milliseconds(median(times))}, at least {milliseconds(min(times))}"
    value = median(each[variant] / each[BARE] for each in taken)
    least = min(times) / min(each[BARE] for each in taken)
    remark += f"; {ratio(least)} by the least"
    name = f"{variant.name} ÷ {BARE.name}"
    if variant is not OURS_LOGGING:
        return Figure(name, ratio(value), remark)
    name = f"Rookery ÷ {BARE.name}"
    return Figure(name, ratio(value), remark, "≤ 3.00 x", "≤ 2.40 x", reached=value <= 3)
