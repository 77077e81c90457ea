"""The least that a server can do: one answer, from a bare ASGI callable."""

from typing import Any

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-length", b"14"), (b"content-type", b"application/json")],
}
_BODY = {"type": "http.response.body", "body": b'{"status":200}'}


async def app(scope: Any, _: Any, send: Any) -> None:
    if scope["type"] == "http":
        await send(_START)
        await send(_BODY)
