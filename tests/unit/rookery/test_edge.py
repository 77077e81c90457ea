"""What each request passes once: ids, drain, the net, HEAD, trusted proxies."""

import asyncio
import json

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from tests.support import exchange, port_of, serving, settings

from rookery import create_app


def edge_app(**changes) -> FastAPI:
    app = create_app(settings(**changes))

    @app.get("/test")
    async def test(request: Request) -> str:
        return f"{request.client.host} {request.url.scheme}"

    @app.get("/breaks")
    async def breaks() -> StreamingResponse:
        async def pieces():
            yield b"some"
            raise RuntimeError("boom")

        return StreamingResponse(pieces())

    return app


def test_request_id_comes_back():
    """A caller's request id is kept, and comes back in the answer."""
    with serving(edge_app()) as client:
        response = client.get("/test", headers={"x-request-id": "order-7/a=b:c"})

    assert "order-7/a=b:c" == response.headers["x-request-id"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "a;b", "\u00e9"])
def test_bad_request_id_is_replaced(given):
    """An id that could break a log line or a header is replaced, not repeated."""
    with serving(edge_app()) as client:
        response = client.get("/test", headers={"x-request-id": given.encode()})

    assert given != response.headers["x-request-id"]


def test_request_ids_differ():
    """Each request has an id of its own, and so has each process."""
    with serving(edge_app()) as one, serving(edge_app()) as other:
        ids = {client.get("/test").headers["x-request-id"] for client in (one, one, other)}

    assert 3 == len(ids)


def test_draining_says_so():
    """While draining, requests are answered, and the connection is to be closed."""
    app = edge_app()
    with serving(app) as client:
        app.state.rookery.health.draining = True
        response = client.get("/test")

    assert (200, "close") == (response.status_code, response.headers["connection"])


def test_the_same_response_again():
    """A response that the service made once and sends often does not collect headers."""
    with serving(edge_app()) as client:
        for _ in range(3):
            response = client.get("/test")

    assert 1 == len(response.headers.get_list("x-request-id"))


def test_exception_in_the_middle_of_an_answer():
    """An answer that breaks off is cut, so that no client takes it for whole."""
    with serving(edge_app()) as client:
        answer = exchange(port_of(client), b"GET /breaks HTTP/1.1\r\nHost: a\r\n\r\n")

    assert b"some" in answer
    assert not answer.endswith(b"0\r\n\r\n")


def test_exception_in_the_middle_is_logged_once(capfd):
    """Its traceback is one line, and the access line keeps the status that was sent."""
    with serving(edge_app(access_log=True, log_level="info", log_format="json")) as client:
        exchange(port_of(client), b"GET /breaks HTTP/1.1\r\nHost: a\r\n\r\n")
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    assert 1 == sum("traceback" in line for line in lines)
    assert [200] == [line["status"] for line in lines if line["logger"] == "rookery.access"]


def test_client_that_went_away_is_no_error(capfd):
    """A client that leaves while its body is awaited is logged as 499, without a traceback."""
    app = edge_app(access_log=True, log_level="info", log_format="json")

    @app.post("/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    with serving(app) as client:
        head = b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"
        exchange(port_of(client), head, seconds=0.3)
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    assert [499] == [line["status"] for line in lines if "status" in line]
    assert not any("traceback" in line for line in lines)


def test_cancelled_requests_get_an_answer():
    """A request that is cut off because the time to stop is over gets a 503, not a torn socket."""
    app = edge_app(stop_timeout_seconds=0.2)
    begun = asyncio.Event()

    @app.get("/slow")
    async def slow() -> None:
        begun.set()
        await asyncio.sleep(60)

    sent = []

    async def send(message):
        sent.append(message)

    async def cancel_it():
        scope = {
            "type": "http",
            "method": "GET",
            "path": "/slow",
            "headers": [],
            "query_string": b"",
        }
        task = asyncio.create_task(app(scope, asyncio.Event().wait, send))
        await begun.wait()
        task.cancel()
        await task

    asyncio.run(cancel_it())

    assert 503 == sent[0]["status"]


@pytest.mark.parametrize("path", ["/test", "/livez", "/docs", "/openapi.json", "/metrics"])
def test_head_wherever_get(path):
    """HEAD is answered wherever GET is, with its length and no body."""
    request = f"HEAD {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()
    with serving(edge_app()) as client:
        length = len(client.get(path).content)
        head, _, body = exchange(port_of(client), request).partition(b"\r\n\r\n")

    assert b"HTTP/1.1 200 OK" == head.splitlines()[0]
    assert b"" == body
    if path != "/metrics":  # it changes with each scrape
        assert f"content-length: {length}".encode() in head.splitlines()


@pytest.mark.parametrize(
    ("trusted", "forwarded", "expected"),
    [
        ((), "203.0.113.7", "127.0.0.1 http"),
        (("10.0.0.0/8",), "203.0.113.7", "127.0.0.1 http"),
        (("127.0.0.1",), "1.1.1.1, 203.0.113.7", "203.0.113.7 https"),
        (("127.0.0.0/8", "10.0.0.0/8"), "1.1.1.1, 203.0.113.7, 10.1.2.3", "203.0.113.7 https"),
        (("*",), "1.1.1.1, 203.0.113.7", "1.1.1.1 https"),
    ],
)
def test_client_address(trusted, forwarded, expected):
    """The client is whom a trusted proxy names: the last address that is no proxy itself."""
    headers = {"x-forwarded-for": forwarded, "x-forwarded-proto": "https"}
    with serving(edge_app(forwarded_allow_ips=trusted)) as client:
        assert expected == client.get("/test", headers=headers).json()


def test_other_protocols_pass_through():
    """What is not HTTP, as a WebSocket under another server, reaches the application."""
    app = edge_app()
    sent = []

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    asyncio.run(
        app({"type": "websocket", "path": "/", "headers": [], "query_string": b""}, receive, send)
    )

    assert ["websocket.close"] == [message["type"] for message in sent]
