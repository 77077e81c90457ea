"""What each request passes once, outermost: its id, its log line, and the net under it.

One ASGI middleware, because every layer of its own costs a wrapper around `send`. In the order it
happens: read the few headers that matter here, refuse what no handler could use, let the
application answer, add the id (and `Connection: close` while draining) to the answer, catch what
nobody caught, log one line.
"""

import asyncio
import ipaddress
import itertools
import logging
import os
import re
from collections.abc import Callable
from functools import lru_cache
from time import perf_counter, time

from opentelemetry import trace
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rookery import logs
from rookery.errors import problem
from rookery.health import Health
from rookery.metrics import ROUTE, TRACE_ID, UNTEMPLATED

CLIENT_CLOSED_REQUEST = 499  # nginx's status for a client that went away; it is only ever logged

_CLOSE = (b"connection", b"close")
_REQUEST_ID = re.compile(rb"[\w.+/=:-]{1,128}")
# https://www.w3.org/TR/trace-context/#traceparent-header: an id of only zeros is invalid
_TRACEPARENT = re.compile(
    rb"(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-.*)?"
)
_HOST = re.compile(rb"(?:\[([\da-fA-F:.]+)\]|[\w.~!$&'()*+,;=%-]*)(?::\d{0,5})?")

_logger = logging.getLogger("rookery")


class Edge:
    """ASGI middleware around the whole application; exceptions of the application end here.

    Args:
        app: the application.
        health: says whether the service is draining.
        access_log: where each request's line goes; None for no lines.
        max_body_bytes: largest request body.
        tracing: whether each request is in a span.
    """

    def __init__(
        self,
        app: ASGIApp,
        health: Health,
        access_log: logs.AccessLog | None,
        max_body_bytes: int,
        tracing: bool = False,
    ) -> None:
        self.app = app
        self.health = health
        self.access_log = access_log
        self.max_body_bytes = max_body_bytes
        self.tracing = tracing
        # Unique across pods and restarts by the random start, and cheaper than a UUID each time.
        self._id_start = os.urandom(8).hex()
        self._id_numbers = itertools.count(1)

    def next_id(self) -> str:
        """A request id that no other process and no other request has."""
        return f"{self._id_start}-{next(self._id_numbers):x}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _Exchange(self, scope, receive, send).run()
        else:
            await self.app(scope, receive, send)


class _Exchange:
    """One request and its answer; `receive` and `send` are what the application gets."""

    __slots__ = (
        "_receive",
        "_send",
        "body_bytes",
        "edge",
        "refusal",
        "request_id",
        "scope",
        "started",
        "status",
        "trace_id",
    )

    def __init__(self, edge: Edge, scope: Scope, receive: Receive, send: Send) -> None:
        self.started = perf_counter()
        self.edge = edge
        self.scope = scope
        self._receive = receive
        self._send = send
        self.body_bytes = 0
        self.status = 0
        self.request_id = ""
        self.trace_id: str | None = None
        self.refusal: tuple[int, str] | None = None

    async def run(self) -> None:
        self._read_headers()
        try:
            if self.refusal is None:
                await self.edge.app(self.scope, self.receive, self.send)
            else:
                await self._answer(problem(*self.refusal))
        except ClientDisconnect:
            self.status = self.status or CLIENT_CLOSED_REQUEST
        except asyncio.CancelledError:  # the time to stop is over
            await self._fail(503)
        except Exception:
            _logger.exception("the handler raised")
            await self._fail(500)
        finally:
            access_log = self.edge.access_log
            if access_log is not None and access_log.wants(self.status):
                access_log.write(self._line())

    async def receive(self) -> Message:
        message = await self._receive()
        self.body_bytes += len(message.get("body", b""))
        if self.body_bytes > self.edge.max_body_bytes:
            raise HTTPException(413, _too_large(self.edge.max_body_bytes))
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            # a new list: the application may send the same response object again
            headers = [*message["headers"], (b"x-request-id", self.request_id.encode())]
            if self.edge.health.draining or self.refusal is not None:
                headers.append(_CLOSE)
            message["headers"] = headers
        await self._send(message)

    def _read_headers(self) -> None:
        for name, value in self.scope["headers"]:
            if name in _READERS:
                _READERS[name](self, value)
        self.request_id = self.request_id or self.edge.next_id()
        logs.request_id.set(self.request_id)
        if self.edge.tracing:
            self.trace_id = _current_trace_id() or self.trace_id
        self.scope[TRACE_ID] = self.trace_id

    def read_request_id(self, value: bytes) -> None:
        if _REQUEST_ID.fullmatch(value):
            self.request_id = value.decode()

    def read_traceparent(self, value: bytes) -> None:
        if match := _TRACEPARENT.fullmatch(value):
            self.trace_id = match[1].decode()

    def read_host(self, value: bytes) -> None:
        if not _is_host(value):
            self.refusal = 400, "The Host header is not a host name or address."

    def read_content_length(self, value: bytes) -> None:
        if not value.isdigit() or int(value) > self.edge.max_body_bytes:
            self.refusal = 413, _too_large(self.edge.max_body_bytes)

    async def _fail(self, status: int) -> None:
        if not self.status:  # else part of the answer is out: uvicorn closes the connection
            await self._answer(problem(status))

    async def _answer(self, response: Response) -> None:
        await response(self.scope, self._receive, self.send)

    def _line(self) -> dict[str, object]:
        scope, path = self.scope, logs.printable_path(self.scope)
        route = scope.get(ROUTE)
        return {
            "time": logs.timestamp(time()),
            "level": "error" if self.status >= 500 else "info",
            "logger": "rookery.access",
            "message": f"{scope['method']} {path} {self.status}",
            "method": scope["method"],
            "route": None if route == UNTEMPLATED else route,
            "path": path,
            "status": self.status,
            "duration_seconds": round(perf_counter() - self.started, 6),
            "request_id": self.request_id,
            "trace_id": self.trace_id,
            "client": scope["client"][0] if scope.get("client") else None,
        }


_READERS: dict[bytes, Callable[[_Exchange, bytes], None]] = {
    b"x-request-id": _Exchange.read_request_id,
    b"traceparent": _Exchange.read_traceparent,
    b"host": _Exchange.read_host,
    b"content-length": _Exchange.read_content_length,
}


@lru_cache(maxsize=128)
def _is_host(value: bytes) -> bool:
    """Whether `value` can stand in a URL; Starlette raises on some that cannot."""
    match = _HOST.fullmatch(value)
    if match is None or match[1] is None:
        return match is not None
    try:
        ipaddress.IPv6Address(match[1].decode())
    except ValueError:
        return False
    return True


def _current_trace_id() -> str | None:
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else None


def _too_large(max_body_bytes: int) -> str:
    return f"The body is larger than {max_body_bytes} bytes."


class HeadAsGet:
    """ASGI middleware, innermost: HEAD answers wherever GET does, with no body.

    Around it the request is still a HEAD, in the log, in the metrics and for the server, which
    leaves out the body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)


class RootPath:
    """ASGI middleware, outermost: the service is published under `root_path`.

    ASGI wants `path` to begin with `root_path`; some proxies strip the prefix and some do not.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            path = scope["path"]
            if not path.startswith(f"{self._root_path}/"):
                path = self._root_path + path
            scope = {**scope, "root_path": self._root_path, "path": path}
        await self._app(scope, receive, send)
