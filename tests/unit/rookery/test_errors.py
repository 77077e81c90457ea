"""Every error has one shape, and tells nothing that it should not."""

from typing import Annotated

import pytest
from fastapi import FastAPI, HTTPException, Query
from tests.support import serving, settings

from rookery import create_app


def failing_app() -> FastAPI:
    app = create_app(settings())

    @app.get("/raise")
    def fail() -> None:
        raise RuntimeError("the password is hunter2")

    @app.get("/teapot")
    def teapot() -> None:
        raise HTTPException(418, "short and stout", {"x-kind": "teapot"})

    @app.get("/odd")
    def odd() -> None:
        raise HTTPException(599)

    @app.get("/items")
    def items(limit: Annotated[int, Query(le=9)]) -> int:
        return limit

    @app.post("/items")
    def add() -> None: ...

    return app


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/nowhere", {"title": "Not Found", "status": 404}),
        ("PUT", "/items", {"title": "Method Not Allowed", "status": 405}),
        ("GET", "/teapot", {"title": "I'm a Teapot", "status": 418, "detail": "short and stout"}),
        ("GET", "/raise", {"title": "Internal Server Error", "status": 500}),
        ("GET", "/odd", {"title": "Error", "status": 599}),
        ("PUT", "/livez", {"title": "Method Not Allowed", "status": 405}),
    ],
)
def test_one_shape(method, path, expected):
    """Each error is problem details, with the id that its log lines have."""
    with serving(failing_app()) as client:
        response = client.request(method, path, headers={"x-request-id": "abc"})
    known = {"request_id": "abc"} if path != "/livez" else {}  # probes have no id: never logged

    assert expected | known == response.json()
    assert "application/problem+json" == response.headers["content-type"]


def test_headers_of_the_exception():
    """An exception's own headers reach the caller."""
    with serving(failing_app()) as client:
        assert "teapot" == client.get("/teapot").headers["x-kind"]


def test_allow_names_every_method():
    """A 405 lists all methods of all routes at the path, and HEAD where there is GET."""
    with serving(failing_app()) as client:
        assert "GET, HEAD, POST" == client.put("/items").headers["allow"]


def test_allow_without_get():
    """HEAD is offered only where GET is."""
    app = create_app(settings())
    app.post("/only")(lambda: None)
    with serving(app) as client:
        assert "POST" == client.get("/only").headers["allow"]


def test_validation_error_keeps_the_value_to_itself():
    """A 422 says where and why, and does not repeat what may be a secret."""
    with serving(failing_app()) as client:
        response = client.get("/items", params={"limit": "hunter2"})

    assert 422 == response.status_code
    assert [["query", "limit"]] == [error["loc"] for error in response.json()["errors"]]
    assert "hunter2" not in response.text


def test_cause_is_not_told():
    """What an exception says is for the log alone."""
    with serving(failing_app()) as client:
        assert "hunter2" not in client.get("/raise").text


def test_exception_of_a_middleware_outside():
    """A middleware that the service adds is outermost; even its exceptions have the shape."""
    app = create_app(settings())

    class Broken:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            if scope["type"] == "http":
                raise RuntimeError("broken")
            await self.app(scope, receive, send)

    app.add_middleware(Broken)
    with serving(app) as client:
        response = client.get("/")

    assert {"title": "Internal Server Error", "status": 500} == response.json()
