"""The instruments, fed through prometheus-fastapi-instrumentator.

The names `http_requests_total` and `http_request_duration_seconds` are the instrumentator's own,
because dashboards know them. What feeds them is ours: one closure that keeps the labelled children
it has used, at half the cost of the default one.

Every label value comes from a fixed set: methods that HTTP defines, path templates of the
application, five classes of status. What a caller invents never makes a series.
"""

import platform
from collections.abc import Callable

from fastapi import FastAPI
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from prometheus_fastapi_instrumentator import Instrumentator
from prometheus_fastapi_instrumentator.metrics import Info

from rookery.health import Health
from rookery.shedding import Limiter

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

# What the instrumentator calls a request that no route matches.
UNTEMPLATED = "none"

# Keys of the ASGI scope: the path template that was matched, and the trace that the caller is in.
ROUTE = "rookery.route"
TRACE_ID = "rookery.trace_id"

_Count = Callable[[], None]
_Time = Callable[[float, dict[str, str] | None], None]

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each counter, which nobody here reads


class Metrics:
    """The instruments of one application, in a registry of its own.

    The registry passes on the process-wide one too: that is where the process and interpreter
    metrics are, and any that the service itself declares.
    """

    def __init__(self, health: Health, limiter: Limiter, build: dict[str, str]) -> None:
        self.registry = CollectorRegistry(support_collectors_without_names=True)
        self.registry.register(REGISTRY)
        self._requests = Counter(
            "http_requests",
            "Requests answered, by handler, method and class of status.",
            ("handler", "method", "status"),
            registry=self.registry,
        )
        self._duration_seconds = Histogram(
            "http_request_duration_seconds",
            "Time from a request's headers to the end of its answer, in seconds.",
            ("handler", "method"),
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        self._shed = Counter(
            "rookery_requests_shed",
            "Requests refused with a 503 because too many were in flight.",
            registry=self.registry,
        )
        self._gauge("requests_in_flight", "Requests being worked on.", lambda: limiter.in_flight)
        self._gauge(
            "requests_in_flight_limit",
            "Requests in flight from which further ones are refused.",
            lambda: limiter.limit,
        )
        self._gauge("draining", "1 from SIGTERM on.", lambda: health.draining)
        self._gauge(
            "event_loop_lag_seconds",
            "Largest lag of the event loop within the last 15 seconds.",
            health.lag_seconds,
        )
        info = Gauge(
            "rookery_build_info",
            "Constant 1, labelled with what is running.",
            tuple(build),
            registry=self.registry,
        )
        info.labels(**build).set(1)

    def _gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        Gauge(f"rookery_{name}", text, registry=self.registry).set_function(read)

    def instrument(self, app: FastAPI) -> None:
        """Measure every request that reaches the routes of `app`."""
        Instrumentator().add(self._observer()).instrument(app)

    def shed(self, method: str) -> None:
        """Count a request that was refused before it reached a route."""
        self._shed.inc()
        self._requests.labels(UNTEMPLATED, clamped(method), "5xx").inc()

    def _observer(self) -> Callable[[Info], None]:
        children: dict[tuple[str, str, str], tuple[_Count, _Time | None]] = {}

        def observe(info: Info) -> None:
            scope, handler, method = info.request.scope, info.modified_handler, clamped(info.method)
            scope[ROUTE] = handler  # for the access line: the template is known only here
            key = handler, method, info.modified_status
            if key not in children:
                children[key] = self._children(*key)
            count, time = children[key]
            count()
            if time is not None:
                trace_id = scope.get(TRACE_ID)
                time(info.modified_duration, {"trace_id": trace_id} if trace_id else None)

        return observe

    def _children(self, handler: str, method: str, status: str) -> tuple[_Count, _Time | None]:
        count = self._requests.labels(handler, method, status).inc
        if handler == UNTEMPLATED:  # how fast a 404 is says nothing about the service
            return count, None
        return count, self._duration_seconds.labels(handler, method).observe


def clamped(method: str) -> str:
    """The method's label: itself where HTTP defines it, else `OTHER`."""
    return method if method in METHODS else "OTHER"


def build_info(version: str, revision: str) -> dict[str, str]:
    """The labels of `rookery_build_info`."""
    return {"version": version, "revision": revision, "python": platform.python_version()}
