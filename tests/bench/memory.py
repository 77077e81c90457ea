"""Memory: what is resident after a warm-up, and after very many requests."""

from tests.bench.load import closed_loop
from tests.bench.report import Figure, count, mib, percent
from tests.bench.servers import FASTAPI, INSTRUMENTED, OURS_LOGGING, Variant, serving

TITLE = "Memory"
TEXT = "Resident set of the one process; its growth is from after the first 5,000 requests on."

_WARM_UP = 5000


def measure(*, quick: bool) -> list[Figure]:
    """The service with everything on, and two to compare with, which get fewer requests."""
    requests = 20_000 if quick else 200_000
    compared = [_sizes(each, requests // 4) for each in (FASTAPI, INSTRUMENTED)]
    ours = _sizes(OURS_LOGGING, requests)
    return [*map(_comparison, compared), *_figures(*ours)]


def _sizes(variant: Variant, requests: int) -> tuple[Variant, int, float, float]:
    with serving(variant) as server:
        closed_loop(server.port, "/test", requests=_WARM_UP)
        before = server.rss_mib()
        closed_loop(server.port, "/test", requests=requests)
        return variant, requests, before, server.rss_mib()


def _comparison(sizes: tuple[Variant, int, float, float]) -> Figure:
    variant, requests, before, after = sizes
    remark = f"after {count(requests)} requests; growth {percent(after / before - 1)}"
    return Figure(f"{variant.name}", mib(after), remark)


def _figures(_: Variant, requests: int, before: float, after: float) -> list[Figure]:
    growth, remark = after / before - 1, f"after {count(requests)} requests"
    return [
        Figure("Rookery", mib(after), remark, "≤ 50 MiB", reached=after <= 50),
        Figure("growth", percent(growth), remark, "≤ 2 %", "≤ 1 %", reached=growth <= 0.02),
    ]
