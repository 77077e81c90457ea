"""The composition root: every part of the chassis meets here, and nowhere else."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig

from rookery import __version__, admin, errors, logs, sockets
from rookery.edge import Edge, HeadAsGet, RootPath
from rookery.health import Health
from rookery.metrics import Metrics, build_info
from rookery.routes import Route
from rookery.settings import Settings, SettingsError, load
from rookery.shedding import Limiter, Shedding

BAD_SETTING = 2  # exit codes: a command line or setting that cannot be used
START_FAILED = 3  # uvicorn's own code for a start that failed

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[Any]]


class Chassis:
    """The parts that an application and its server share; `app.state.rookery`.

    Attributes:
        settings: what the parts were made from.
        health: what the probes ask.
        limiter: what holds the bound on requests in flight.
        metrics: what is scraped.
        admin_socket: what the admin listener listens on; None until it is bound.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.health = Health(settings.live_lag_seconds, settings.ready_lag_seconds)
        self.limiter = Limiter(settings.max_in_flight, settings.max_queue_seconds)
        build = build_info(__version__, settings.revision)
        self.metrics = Metrics(self.health, self.limiter, build)
        self.admin_socket: socket.socket | None = None

    def bind_admin(self) -> socket.socket | None:
        """Bind the admin listener's socket, where there is an admin port and it is not bound yet.

        Raises:
            AddressError: it cannot be listened on.
        """
        host, port = self.settings.host, self.settings.admin_port
        if port is not None and self.admin_socket is None:
            self.admin_socket = sockets.bind(host, port, "ROOKERY_ADMIN_PORT")
        return self.admin_socket


def create_app(
    settings: Settings | None = None, *, lifespan: Lifespan | None = None, **options: Any
) -> FastAPI:
    """A FastAPI application with everything but its routes.

    Args:
        settings: None to read them from the environment; a wrong one ends the process with a
            sentence and exit code 2.
        lifespan: the service's own, run after the probes answer and before it is ready.
        options: go to `FastAPI`, as `title` and `version` do.
    """
    settings = settings or settings_or_exit()
    logs.configure(settings)
    chassis = Chassis(settings)
    app = FastAPI(
        lifespan=_lifespan(chassis, lifespan),
        openapi_url=None,  # our pages have it: see admin
        redirect_slashes=False,  # the Location would be made of the caller's Host header
        responses=errors.DOCUMENTED,
        telemetry=_telemetry(settings),
        **options,
    )
    app.router.route_class = Route
    app.state.rookery = chassis
    errors.install(app)
    _wrap(app, chassis)
    return app


def settings_or_exit() -> Settings:
    """The settings of this process; a wrong one ends it with a sentence and exit code 2."""
    try:
        return load()
    except SettingsError as error:
        logs.stop(Settings.model_construct(), str(error), BAD_SETTING)


def _wrap(app: FastAPI, chassis: Chassis) -> None:
    """Put the middleware around `app`, innermost first."""
    settings, health, metrics = chassis.settings, chassis.health, chassis.metrics
    routes = admin.docs_routes(app) if settings.docs else []
    if settings.admin_port is None:
        routes += admin.operator_routes(health, metrics.registry)
    access_log = logs.AccessLog(settings) if settings.access_log else None

    app.add_middleware(HeadAsGet)
    metrics.instrument(app)
    app.add_middleware(Shedding, limiter=chassis.limiter, on_shed=metrics.shed)
    app.add_middleware(
        Edge,
        health=health,
        access_log=access_log,
        max_body_bytes=settings.max_body_bytes,
        tracing=settings.tracing,
    )
    app.add_middleware(admin.Pages, pages=admin.pages(routes), root_path=settings.root_path)
    if settings.root_path:
        app.add_middleware(RootPath, root_path=settings.root_path)


def _lifespan(chassis: Chassis, service: Lifespan | None) -> Lifespan:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Any]:
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(_heartbeat(chassis))
            stack.enter_context(_admin_listener(chassis))
            state = await stack.enter_async_context(service(app)) if service else None
            chassis.health.started = True
            yield state

    return lifespan


@contextlib.asynccontextmanager
async def _heartbeat(chassis: Chassis) -> AsyncIterator[None]:
    task = asyncio.create_task(chassis.health.beat(chassis.limiter.on_lag))
    try:
        yield
    finally:
        task.cancel()
        chassis.limiter.on_last_beat()


@contextlib.contextmanager
def _admin_listener(chassis: Chassis) -> Iterator[None]:
    sock = chassis.bind_admin()
    if sock is None:
        yield
        return
    routes = admin.operator_routes(chassis.health, chassis.metrics.registry)
    try:
        with admin.listener(sock, admin.pages(routes), chassis.settings):
            yield
    finally:
        chassis.admin_socket = None  # it is closed: a further start binds again


def _telemetry(settings: Settings) -> TelemetryConfig:
    """What FastAPI's own OpenTelemetry support is to do: trace when asked, else cost nothing."""
    tracing = settings.tracing
    return {
        "tracing": tracing,
        "auto_configure": tracing,
        "operation_spans": False,  # a span a request; those within cost three times as much
        "exclude": admin.is_operators,
        "metrics": False,  # Prometheus has them
        "logs": False,
    }
