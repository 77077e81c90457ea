"""Every line is one JSON object, or one readable line; nothing is printed twice."""

import io
import json
import logging
import os
import sys
import time
from datetime import datetime

import pytest
from tests.support import serving, settings

from rookery import create_app, logs
from rookery.settings import Settings


@pytest.fixture(autouse=True)
def _restore_logging():
    """Logging is of the whole process: leave it as pytest set it up."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def printed(capfd) -> list[dict]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def logging_app(**changes):
    app = create_app(settings(access_log=True, log_level="info", log_format="json", **changes))

    @app.get("/items/{name}")
    def item(name: str) -> str:
        logging.getLogger("shop").warning("few left", extra={"left": 2})
        return name

    @app.get("/raise")
    def fail() -> None:
        raise RuntimeError("boom")

    return app


def test_line_of_a_request(capfd):
    """A request is one line: method, route, path, status, duration, ids, client, UTC time."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    with serving(logging_app()) as client:
        headers = {"x-request-id": "r1", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
        client.get("/items/a%0Ab?token=hunter2", headers=headers)
    [line] = [line for line in printed(capfd) if line["logger"] == "rookery.access"]

    assert 0 <= line.pop("duration_seconds") < 1
    assert 0 == datetime.fromisoformat(line.pop("time")).utcoffset().total_seconds()
    assert {
        "level": "info",
        "logger": "rookery.access",
        "message": "GET /items/a%0Ab 200",
        "method": "GET",
        "route": "/items/{name}",
        "path": "/items/a%0Ab",
        "status": 200,
        "request_id": "r1",
        "trace_id": trace,
        "client": "127.0.0.1",
    } == line


def test_lines_of_the_service_carry_the_request_id(capfd):
    """What a handler logs, even in a worker thread, can be found by the request's id."""
    with serving(logging_app()) as client:
        client.get("/items/a", headers={"x-request-id": "r2"})
    [line] = [line for line in printed(capfd) if line["logger"] == "shop"]

    assert ("few left", "r2", 2) == (line["message"], line["request_id"], line["left"])


def test_traceback_is_logged_once(capfd):
    """An exception that nobody caught is one line with its traceback, and one access line."""
    with serving(logging_app()) as client:
        client.get("/raise")
    lines = [line for line in printed(capfd) if line["level"] == "error"]

    assert ["rookery", "rookery.access"] == [line["logger"] for line in lines]
    assert "RuntimeError: boom" in lines[0]["traceback"]
    assert lines[0]["request_id"] == lines[1]["request_id"]


def test_probes_and_scrapes_are_not_logged(capfd):
    """What asks every few seconds leaves no line."""
    with serving(logging_app()) as client:
        for path in ("/livez", "/readyz", "/metrics", "/docs"):
            assert 200 == client.get(path).status_code

    assert [] == [line for line in printed(capfd) if line["logger"] == "rookery.access"]


def test_only_server_errors_below_info(capfd):
    """At level warning, a request has a line only when it failed by our fault."""
    app = create_app(settings(access_log=True, log_level="warning", log_format="json"))
    app.get("/raise")(lambda: 1 / 0)
    with serving(app) as client:
        client.get("/nowhere")
        client.get("/raise")
    lines = [line for line in printed(capfd) if line["logger"] == "rookery.access"]

    assert [500] == [line["status"] for line in lines]


def test_long_paths_are_cut(capfd):
    """A path of many kilobytes does not fill the log's storage."""
    with serving(logging_app()) as client:
        client.get("/" + "x" * 20_000)
    [line] = [line for line in printed(capfd) if line["logger"] == "rookery.access"]

    assert len(line["path"]) == logs.MAX_PATH_LENGTH


def test_console_form(capfd):
    """On a terminal, a line is short, and control characters in it are escaped."""
    app = create_app(settings(access_log=True, log_level="info", log_format="console"))

    @app.get("/")
    def home() -> None:
        logging.getLogger("shop").info("one\x1b[31mtwo")

    with serving(app) as client:
        client.get("/")
    lines = [line.split(" ", 1)[1] for line in capfd.readouterr().out.splitlines()]

    assert "INFO    one\\x1b[31mtwo" in lines
    assert any(line.startswith("INFO    GET / 200 in ") for line in lines)


def test_time_does_not_depend_on_the_zone(monkeypatch):
    """Times are UTC whatever TZ says."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        assert "1970-01-01T00:00:01.500+00:00" == logs.timestamp(1.5)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("form", "terminal", "expected"),
    [
        ("auto", True, "console"),
        ("auto", False, "json"),
        ("json", True, "json"),
        ("console", False, "console"),
    ],
)
def test_chosen_format(monkeypatch, form, terminal, expected):
    """`auto` is the readable form on a terminal, and JSON everywhere else."""
    output = io.StringIO()
    monkeypatch.setattr(output, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stdout", output)

    assert expected == logs.chosen_format(Settings(log_format=form))


def test_closed_output_fails_no_request(monkeypatch):
    """When nobody reads the log any more, requests are answered all the same."""
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(logs, "_STDOUT", writing)
    with serving(logging_app()) as client:
        assert 404 == client.get("/nowhere").status_code
    os.close(writing)


def test_uvicorns_access_log_is_off():
    """Served by plain uvicorn, a request still has one line: ours."""
    logging_app()

    assert not logging.getLogger("uvicorn.access").hasHandlers()


def test_stop_says_why(capfd):
    """A process that cannot start prints one line a reason, and ends with the code it was given."""
    with pytest.raises(SystemExit) as stop:
        logs.stop(Settings(log_format="json"), "first\nsecond", 2)

    assert 2 == stop.value.code
    assert ["first", "second"] == [line["message"] for line in printed(capfd)]
