"""FastAPI's route, less what a service pays for without using it.

A shorter way: FastAPI prepares every call with two exit stacks, the dependencies, the body and a
response to add headers to. An endpoint that declares none of these and answers with a `Response`
of its own gets the same result without them, for half of the CPU.

A smaller process: FastAPI imports the whole of pydantic.v1 (3 MiB) only to refuse its models.
"""

import contextlib
import inspect
import sys
from collections.abc import Iterator
from typing import Any

from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


class Route(APIRoute):
    """FastAPI's route, with the shorter way where it leads to the same answer."""

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        with _no_import_of_pydantic_v1():
            super().__init__(path, endpoint, **options)
        if self._asks_for_nothing():
            self.app = _direct(endpoint)

    def _asks_for_nothing(self) -> bool:
        signature = inspect.signature(self.endpoint)
        answer = signature.return_annotation
        return (
            inspect.iscoroutinefunction(self.endpoint)
            and not signature.parameters
            and not self.dependencies
            and isinstance(answer, type)
            and issubclass(answer, Response)
        )


def _direct(endpoint: Any) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        response: Response = await endpoint()
        await response(scope, receive, send)

    return app


@contextlib.contextmanager
def _no_import_of_pydantic_v1() -> Iterator[None]:
    """Where pydantic.v1 was never imported, no model of its can exist: nothing to refuse."""
    name = "pydantic.v1"
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # an import of it now fails, as FastAPI expects
    try:
        yield
    finally:
        del sys.modules[name]
