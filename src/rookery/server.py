"""The life of the server, in the order it happens: import, bind, serve, drain, stop.

On SIGTERM uvicorn stops listening at once, while the proxies of a cluster send requests for some
seconds more. So the first SIGTERM only begins the drain: the service is not ready any more, every
answer says `Connection: close`, and the listener stays open until clients have learned of it.
"""

import asyncio
import logging
import signal
import socket
import time
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.importer import ImportFromStringError, import_from_string

from rookery import logs, sockets
from rookery.app import BAD_SETTING, START_FAILED, Chassis, settings_or_exit
from rookery.protocol import Config, close_stalled

# Since 1.45 libuv accepts one connection for each turn of the loop and each listening socket. Under
# overload turns are long, and what is not accepted cannot be refused: it waits until it times out.
_ACCEPTED_A_TURN = 32

_TICKS_A_SECOND = 10  # how often uvicorn calls on_tick

_logger = logging.getLogger("rookery")


def load_app(target: str) -> FastAPI:
    """Import the application that `target` names, as `module:attribute`.

    A target or setting that cannot be used ends the process with a sentence and exit code 2.
    """
    settings = settings_or_exit()
    logs.configure(settings)
    try:
        app = import_from_string(target)
    except ImportFromStringError as error:
        logs.stop(settings, f"{target} is no application: {error}", BAD_SETTING)
    if not isinstance(getattr(getattr(app, "state", None), "rookery", None), Chassis):
        reason = f"{target} is no application of this chassis: make it with rookery.create_app()"
        logs.stop(settings, reason, BAD_SETTING)
    loaded: FastAPI = app
    return loaded


def serve(app: FastAPI) -> int:
    """Serve `app`, which `create_app` made, until a signal stops it.

    Returns:
        The exit code: 0 after a stop by signal, 3 for a start that failed.
    """
    chassis: Chassis = app.state.rookery
    sock = _bind(chassis)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # our own lines say it once
    server = Server(app, chassis)
    server.run(sockets=[sock, *(sock.dup() for _ in range(_ACCEPTED_A_TURN - 1))])
    return 0 if server.started or server.should_exit else START_FAILED


class Server(uvicorn.Server):
    """uvicorn's server, with a drain before its stop."""

    def __init__(self, app: FastAPI, chassis: Chassis) -> None:
        settings = chassis.settings
        # uvicorn's type says int; it only ever waits for it
        patience: int = settings.stop_timeout_seconds  # type: ignore[assignment]
        config = Config(app, settings, lifespan="on", timeout_graceful_shutdown=patience)
        super().__init__(config)
        self._chassis = chassis
        self._starting: asyncio.Task[Any] | None = None
        self._drained_at: float | None = None
        self._announced = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._starting = asyncio.current_task()
        try:
            await super().startup(sockets)
        except asyncio.CancelledError:
            self.should_exit = True
            _logger.info("stopped while starting")
            return
        finally:
            self._starting = None
        for sock in (sockets or [])[:1]:
            host, port = sock.getsockname()[:2]
            _logger.info("listening on %s port %d", host, port)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Begin the drain on the first SIGTERM; stop on the second, or on Ctrl+C; then force it.

        A start is given up on any: nobody has been served, and it may be waiting for something
        that never comes, until the grace period is over.

        The parent would keep the signal and raise it again at the end, and the exit code would
        tell of a kill where all went well.
        """
        if self._starting is not None:
            self._starting.get_loop().call_soon_threadsafe(self._give_up_start)
        elif self.should_exit:
            self.force_exit |= sig == signal.SIGINT
        elif sig == signal.SIGTERM and self._drained_at is None:
            self._chassis.health.draining = True
            self._drained_at = time.monotonic() + self._chassis.settings.drain_seconds
        else:
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        if self._drained_at is not None:
            self._announce_drain()
            self.should_exit |= time.monotonic() >= self._drained_at
        if counter % _TICKS_A_SECOND == 0:
            timeout_seconds = self._chassis.settings.read_timeout_seconds
            close_stalled(self.server_state.connections, timeout_seconds)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        in_flight = self._chassis.limiter.in_flight
        _logger.info("no longer listening, %d requests in flight", in_flight)
        await super().shutdown(sockets)
        _logger.info("stopped")

    def _give_up_start(self) -> None:
        if self._starting is not None:  # it may have ended meanwhile
            self._starting.cancel()

    def _announce_drain(self) -> None:
        if not self._announced:  # here, because a signal handler must not log
            _logger.info("draining for %g s", self._chassis.settings.drain_seconds)
            self._announced = True


def _bind(chassis: Chassis) -> socket.socket:
    settings = chassis.settings
    try:
        chassis.bind_admin()
        return sockets.bind(settings.host, settings.port, "ROOKERY_PORT")
    except sockets.AddressError as error:
        logs.stop(settings, str(error), START_FAILED)
