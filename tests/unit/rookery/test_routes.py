"""The shorter way leads to the same answers as FastAPI's own."""

import sys

import pytest
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask
from tests.support import serving, settings

from rookery import create_app


class Bird(BaseModel):
    name: str


def guard() -> None:
    raise HTTPException(401)


def routed_app() -> FastAPI:
    app = create_app(settings())
    app.state.done = []

    @app.get("/direct")
    async def direct() -> Response:
        return PlainTextResponse("direct")

    @app.get("/plain")
    async def plain() -> dict[str, int]:
        return {"a": 1}

    @app.get("/model")
    async def model() -> Bird:
        return Bird(name="rook")

    @app.get("/thread")
    def thread() -> Response:
        return PlainTextResponse("thread")

    @app.get("/parameter/{name}")
    async def parameter(name: str) -> Response:
        return PlainTextResponse(name)

    @app.get("/guarded", dependencies=[Depends(guard)])
    async def guarded() -> Response:
        return PlainTextResponse("never")

    @app.get("/refuses")
    async def refuses() -> Response:
        raise HTTPException(402, "pay first")

    @app.get("/background")
    async def background() -> Response:
        task = BackgroundTask(app.state.done.append, "background")
        return PlainTextResponse("later", background=task)

    return app


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/direct", 200, "direct"),
        ("/plain", 200, '{"a":1}'),
        ("/model", 200, '{"name":"rook"}'),
        ("/thread", 200, "thread"),
        ("/parameter/a", 200, "a"),
        ("/background", 200, "later"),
    ],
)
def test_answers(path, status, body):
    """Each kind of endpoint answers, the shorter way or not."""
    with serving(routed_app()) as client:
        response = client.get(path)

    assert (status, body) == (response.status_code, response.text)


@pytest.mark.parametrize(("path", "status"), [("/guarded", 401), ("/refuses", 402)])
def test_refusals(path, status):
    """Dependencies are never skipped, and exceptions are handled on either way."""
    with serving(routed_app()) as client:
        assert status == client.get(path).status_code


def test_background_task_runs():
    """What a response does afterwards is done."""
    app = routed_app()
    with serving(app) as client:
        client.get("/background")

    assert ["background"] == app.state.done


def test_dependencies_of_the_application():
    """A dependency of the whole application guards the shorter way too."""
    app = create_app(settings(), dependencies=[Depends(guard)])

    @app.get("/direct")
    async def direct() -> Response:
        return PlainTextResponse("never")

    with serving(app) as client:
        assert 401 == client.get("/direct").status_code


def test_pydantic_v1_where_it_is_in_use(monkeypatch):
    """Where a library has imported pydantic.v1 already, it stays as it is."""
    marker = object()
    monkeypatch.setitem(sys.modules, "pydantic.v1", marker)
    app = create_app(settings())
    app.get("/a")(lambda: None)

    assert marker is sys.modules["pydantic.v1"]
