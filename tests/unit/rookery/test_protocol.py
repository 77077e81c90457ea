"""Bytes that are no decent request: answered or closed in bounded time, and forgotten."""

import contextlib
import json
import socket
import time

import pytest
from fastapi import Request
from fastapi.responses import StreamingResponse
from tests.support import exchange, port_of, problem_of, series, serving, settings, status_of, until

from rookery import create_app

GET = b"GET /test HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
TLS_HELLO = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(160)


def patient_app(**changes):
    app = create_app(settings(**changes))

    @app.get("/test")
    async def test() -> dict[str, int]:
        return {"status": 200}

    @app.post("/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    return app


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET /test HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        (b"GET /test HTTP/1.0\r\n\r\n", 200),
        (b"OPTIONS /test HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405),
        (b"PROPFIND /test HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405),
        (b"MUX /test HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        (b"GET /%ff%fe/%00%0d%0a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        ("GET /\u2603 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode(), 400),
        (b"GET /\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400),
        (b"GET //test HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        (b"GET /test? HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        (b"GET /test?" + b"x" * 20_000 + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        (b"GET http://a/test HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        (b"GET * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        (b"GET /nowhere HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n", 400),
        (b"GET /nowhere HTTP/1.1\r\nHost: [::z]\r\nConnection: close\r\n\r\n", 400),
        (b"GET /nowhere HTTP/1.1\r\nHost: [1::2::3]\r\nConnection: close\r\n\r\n", 400),
        (b"GET /nowhere HTTP/1.1\r\nHost: a b/\xff\r\nConnection: close\r\n\r\n", 400),
        (b"GET /nowhere HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n", 404),
        (b"GET /nowhere HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", 404),
        (b"GET /test HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
        (b"GET /test HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"GET /test HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999999\r\n\r\n", 400),
        (b"GET /test HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\nConnection: close\r\n\r\n", 400),
        (b"GET /test HTTP/9.9\r\nHost: a\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (TLS_HELLO, 400),
        (b"\r\n\r\n\r\nhello\r\n\r\n", 400),
    ],
)
def test_odd_requests(request_bytes, status):
    """Whatever bytes arrive, the answer is a 4xx or the right one, never a 5xx, and life goes on."""
    with serving(patient_app()) as client:
        assert status == status_of(exchange(port_of(client), request_bytes))
        assert 200 == client.get("/test").status_code


def test_refusal_is_a_problem():
    """Even what the parser refuses is answered in the one shape of errors, with its length."""
    with serving(patient_app()) as client:
        answer = exchange(port_of(client), b"nonsense\r\n\r\n")

    assert {"title": "Bad Request", "status": 400} == problem_of(answer)
    assert b"content-type: application/problem+json" in answer
    assert b"connection: close" in answer


def test_refusal_is_one_line_with_the_client(capfd):
    """One log line tells who sent what is no request; the bytes themselves are not repeated."""
    with serving(patient_app(log_level="info", log_format="json")) as client:
        exchange(port_of(client), b"nonsense\x1b[31m\nINFO: forged\r\n\r\n")
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    [line] = [line for line in lines if "refused" in line["message"]]

    assert ("127.0.0.1", 400) == (line["client"], line["status"])
    assert "forged" not in str(lines)


@pytest.mark.parametrize("pieces", [1, 30])
def test_headers_above_the_bound(pieces):
    """A megabyte of headers is a 431, in one piece or in many, and is not kept."""
    header = b"X: " + b"x" * (1024 * 1024 // pieces) + b"\r\n"
    request = b"GET /test HTTP/1.1\r\nHost: a\r\n" + header * pieces + b"\r\n"
    with serving(patient_app()) as client:
        answer = exchange(port_of(client), request)

        assert status_of(answer) in (431, 0)  # 0: the reset of the rest was faster than the answer
        assert 200 == client.get("/test").status_code


def test_headers_above_the_bound_in_one_read():
    """Headers that arrive whole are measured too, without the body that came along."""
    request = b"GET /test HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 1500 + b"\r\n\r\n"
    small_with_body = (
        b"POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5000\r\n\r\n"
        + b"x" * 5000
    )
    with serving(patient_app(max_header_bytes=1024)) as client:
        refused, accepted = (exchange(port_of(client), r) for r in (request, small_with_body))

    assert (431, 200) == (status_of(refused), status_of(accepted))
    assert accepted.endswith(b"\r\n5000")


def test_unfinished_headers_above_the_bound():
    """Headers that never end are refused as soon as they are too many."""
    with serving(patient_app(max_header_bytes=1024)) as client:
        answer = exchange(port_of(client), b"GET / HTTP/1.1\r\nX: " + b"x" * 2000)

    assert 431 == status_of(answer)


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"GET /test HTTP/1.1\r\nHost: ",
        b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf",
    ],
)
def test_silent_client(start):
    """A client that says nothing, or stops in the middle, is cut off after the read timeout."""
    with serving(patient_app(read_timeout_seconds=0.5)) as client:
        started = time.monotonic()
        exchange(port_of(client), start, seconds=10)

        assert 0.4 < time.monotonic() - started < 5
        until(lambda: series(client.get("/metrics").text)["rookery_requests_in_flight"] == 0)


def test_dripping_client():
    """One header byte at a time does not extend the time for the headers."""
    with serving(patient_app(read_timeout_seconds=0.5)) as client:
        with socket.create_connection(("127.0.0.1", port_of(client))) as connection:
            started = time.monotonic()
            with contextlib.suppress(OSError):
                for byte in GET * 100:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.05)

        assert time.monotonic() - started < 5


def test_client_that_does_not_read():
    """A client that never reads a large answer does not hold its request for ever."""
    app = patient_app(read_timeout_seconds=0.5)

    @app.get("/large")
    async def large() -> StreamingResponse:
        return StreamingResponse("x" * 1_000_000 for _ in range(50))

    with serving(app) as client, socket.create_connection(("127.0.0.1", port_of(client))) as slow:
        slow.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: series(client.get("/metrics").text)["rookery_requests_in_flight"] == 1)
        until(lambda: series(client.get("/metrics").text)["rookery_requests_in_flight"] == 0)


def test_client_that_reads_slowly_is_served():
    """A large answer that is read in time arrives whole: the bound is on pauses."""
    app = patient_app(read_timeout_seconds=1)

    @app.get("/large")
    async def large() -> str:
        return "x" * 20_000_000

    with serving(app) as client:
        assert 20_000_002 == len(client.get("/large").content)


def test_slow_body_is_served():
    """A body may take longer than the read timeout, as long as it keeps coming."""
    with serving(patient_app(read_timeout_seconds=0.7)) as client:

        def pieces():
            for _ in range(5):
                time.sleep(0.3)
                yield b"xx"

        response = client.post("/length", content=pieces())

    assert "10" == response.text


def test_many_silent_connections():
    """Hundreds of silent connections refuse nobody, and their descriptors come back."""
    with serving(patient_app(read_timeout_seconds=1)) as client, contextlib.ExitStack() as stack:
        before = series(client.get("/metrics").text)["process_open_fds"]
        for _ in range(500):
            stack.enter_context(socket.create_connection(("127.0.0.1", port_of(client))))
        assert 200 == client.get("/test").status_code
        # each is open at both ends, in this one process: the server's ends go
        until(
            lambda: series(client.get("/metrics").text)["process_open_fds"] <= before + 510,
            seconds=10,
        )


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
def test_upgrades_are_ignored(protocol):
    """A wish for another protocol is answered as plain HTTP, and the connection ends."""
    request = b"GET /test HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: " + protocol
    with serving(patient_app()) as client:
        answer = exchange(port_of(client), request + b"\r\n\r\n")

    assert 200 == status_of(answer)
    assert b"connection: close" in answer


def test_pipelined_requests():
    """Requests that are sent without waiting are answered in order."""
    keep = b"GET /test HTTP/1.1\r\nHost: a\r\n\r\n"
    with serving(patient_app()) as client:
        answer = exchange(port_of(client), keep + keep + GET)

    assert 3 == answer.count(b'{"status":200}')


def test_nonsense_behind_a_request():
    """Nonsense behind a good request does not spoil the order of answers: the connection ends."""
    with serving(patient_app()) as client:
        answer = exchange(
            port_of(client), GET.replace(b"close", b"keep-alive") + b"nonsense\r\n\r\n"
        )

    assert answer.count(b"HTTP/1.1") <= 1


@pytest.mark.parametrize("declared", [True, False])
def test_body_above_the_bound(declared):
    """A body that is too large is a 413, whether its length is declared or it just keeps coming."""
    content = b"x" * 3000
    with serving(patient_app(max_body_bytes=1000)) as client:
        response = client.post("/length", content=content if declared else iter([content]))

    assert 413 == response.status_code
    assert "The body is larger than 1000 bytes." == response.json()["detail"]


def test_body_within_the_bound():
    """A body of just the largest size is accepted."""
    with serving(patient_app(max_body_bytes=1000)) as client:
        assert "1000" == client.post("/length", content=b"x" * 1000).text


def test_endless_body_is_not_kept():
    """A gigabyte announced costs no memory: it is refused before it is read."""
    head = b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 1073741824\r\n\r\n"
    with serving(patient_app()) as client:
        assert 413 == status_of(exchange(port_of(client), head))


def test_client_goes_away():
    """A client that leaves before its answer leaves nothing behind."""
    app = patient_app()

    @app.post("/wait")
    async def wait(request: Request) -> str:
        await request.body()
        return "never"

    with serving(app) as client:
        with socket.create_connection(("127.0.0.1", port_of(client))) as connection:
            connection.sendall(b"POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            until(lambda: series(client.get("/metrics").text)["rookery_requests_in_flight"] == 1)
        until(lambda: series(client.get("/metrics").text)["rookery_requests_in_flight"] == 0)
