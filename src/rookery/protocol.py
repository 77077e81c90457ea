"""How the bytes of a connection become requests: uvicorn's protocol, with bounds on patience.

uvicorn waits without end for a client that stops in the middle of a request, or stops to read the
answer, and buffers headers of any size. Here a connection whose client owes us bytes for longer
than `read_timeout_seconds` is closed, and headers above `max_header_bytes` get a 431.
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any, cast

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

from rookery.errors import problem
from rookery.settings import Settings

_logger = logging.getLogger("rookery")


class Config(uvicorn.Config):
    """uvicorn's configuration, made of ours; `options` go to uvicorn."""

    def __init__(self, app: Any, settings: Settings, **options: Any) -> None:
        super().__init__(
            app,
            http=Protocol,
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=bool(settings.forwarded_allow_ips),
            forwarded_allow_ips=list(settings.forwarded_allow_ips),
            timeout_keep_alive=cast("int", settings.keep_alive_seconds),  # it takes any number
            **options,
        )
        self.settings = settings


class Protocol(HttpToolsProtocol):
    """One connection.

    Attributes:
        owed_since: loop time since when the client owes us the next bytes of a request, or the
            room to send an answer; None while it owes nothing.
    """

    config: Config

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.max_header_bytes = config.settings.max_header_bytes
        self.owed_since: float | None = self.loop.time()
        self.header_bytes = 0
        self.in_headers = True

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self.in_headers:
            self._count_header_bytes(len(data))
        else:
            self.owed_since = self.loop.time()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # We speak nothing else, and may ignore the wish (RFC 9110, 7.8); but the parser has
            # stopped here, so this answer is the connection's last.
            self.cycle.keep_alive = False
        except httptools.HttpParserError:
            self._refuse(431 if self._headers_too_large() else 400)
        else:
            if self.in_headers and self._headers_too_large():
                self._refuse(431)

    def on_message_begin(self) -> None:
        self.in_headers = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        # the count includes the start of a body that came in the same piece
        if self._headers_too_large() and self._size_of_headers() > self.max_header_bytes:
            raise ValueError("headers too large")  # reaches data_received as a parser's error
        self.in_headers = False
        self.header_bytes = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self.in_headers = True
        self.owed_since = None
        super().on_message_complete()

    def pause_writing(self) -> None:
        self.owed_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.owed_since = None
        super().resume_writing()

    def _count_header_bytes(self, size: int) -> None:
        if not self.header_bytes and self.owed_since is None:
            self.owed_since = self.loop.time()
        self.header_bytes += size

    def _headers_too_large(self) -> bool:
        return self.header_bytes > self.max_header_bytes

    def _size_of_headers(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _refuse(self, status: int) -> None:
        """Answer what is no request, and close; the one log line says who sent it."""
        client = self.client[0] if self.client else None
        _logger.info("refused what is no HTTP request", extra={"client": client, "status": status})
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            self.transport.close()  # the answer to an earlier request is under way
            return
        response = problem(status)
        headers = [*self.server_state.default_headers, *response.raw_headers]
        lines = [name + b": " + value + b"\r\n" for name, value in headers]
        self.transport.write(
            b"".join([STATUS_LINE[status], *lines, b"connection: close\r\n\r\n", response.body])
        )
        self.transport.close()


def close_stalled(connections: Iterable[Any], timeout_seconds: float) -> None:
    """Close every `Protocol` whose client has owed us bytes for longer than `timeout_seconds`."""
    for connection in list(connections):
        owed_since = connection.owed_since
        if owed_since is not None and connection.loop.time() - owed_since > timeout_seconds:
            connection.transport.abort()
