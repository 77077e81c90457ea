"""What operators ask for: metrics, probes and the documentation page.

With an admin port, metrics and probes are served there by a thread with an event loop of its own:
they answer while the service's loop is busy, and no route to the service leads to them. Without
one (a laptop), they are on the service's port.
"""

import contextlib
import importlib.resources
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from rookery.errors import HANDLERS, problem
from rookery.health import Health
from rookery.protocol import Config
from rookery.settings import Settings

OPERATOR_PATHS = ("/livez", "/readyz", "/metrics")

# Swagger UI's files come with the package fastapi-offline, so that no browser asks a CDN for them.
SWAGGER_FILES = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")


class Pages:
    """ASGI middleware: answers a fixed set of paths itself, before anything is logged or counted.

    Args:
        app: gets every other request.
        pages: answers the paths of its routes, which have no parameters.
        root_path: prefix that the paths carry; see `edge.RootPath`.
    """

    def __init__(self, app: ASGIApp, pages: Starlette, root_path: str) -> None:
        self._app = app
        self._pages = pages
        routes = [route for route in pages.routes if isinstance(route, Route)]
        self._paths = frozenset(root_path + route.path for route in routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = self._pages if scope.get("path") in self._paths else self._app
        await chosen(scope, receive, send)


def pages(routes: list[Route]) -> Starlette:
    """An application of its own for `routes`, with errors in the one shape."""
    return Starlette(routes=routes, exception_handlers=HANDLERS)


def operator_routes(health: Health, registry: CollectorRegistry) -> list[Route]:
    """The routes of `OPERATOR_PATHS`."""
    answers = _probe(health.not_live), _probe(health.not_ready), _scrape(registry)
    return [Route(path, answer) for path, answer in zip(OPERATOR_PATHS, answers, strict=True)]


def is_operators(scope: Scope) -> bool:
    """Whether the request is a probe or a scrape."""
    return scope["path"] in OPERATOR_PATHS


def docs_routes(app: FastAPI) -> list[Route]:
    """`/openapi.json` and `/docs`; all links are relative, so any path prefix works."""

    async def openapi(request: Request) -> Response:
        root_path = request.scope.get("root_path")
        servers = {"servers": [{"url": root_path}]} if root_path else {}
        return JSONResponse({**app.openapi(), **servers})

    async def docs(_: Request) -> Response:
        script, style, icon = (f"docs/{name}" for name in SWAGGER_FILES)
        return get_swagger_ui_html(
            openapi_url="openapi.json",
            title=app.title,
            swagger_js_url=script,
            swagger_css_url=style,
            swagger_favicon_url=icon,
        )

    files = [Route(f"/docs/{name}", _file(name)) for name in SWAGGER_FILES]
    return [Route("/openapi.json", openapi), Route("/docs", docs), *files]


@contextlib.contextmanager
def listener(sock: socket.socket, app: ASGIApp, settings: Settings) -> Iterator[None]:
    """Serve `app` on `sock` from a thread of its own, until the block ends."""
    config = Config(app, settings, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([sock],), name="admin", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _probe(reason_against: Callable[[], str | None]) -> Callable[[Request], object]:
    async def probe(_: Request) -> Response:
        reason = reason_against()
        return problem(503, reason) if reason else JSONResponse({"status": "ok"})

    return probe


def _scrape(registry: CollectorRegistry) -> Callable[[Request], object]:
    async def scrape(request: Request) -> Response:
        encode, content_type = _encoder(request.headers.get("accept", ""))
        return Response(encode(registry), headers={"content-type": content_type})

    return scrape


def _encoder(accept: str) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is none
        return choose_encoder("")


def _file(name: str) -> Callable[[Request], object]:
    async def file(_: Request) -> Response:
        folder = importlib.resources.files("fastapi_offline") / "static"
        return FileResponse(str(folder / name), headers={"cache-control": "max-age=86400"})

    return file
