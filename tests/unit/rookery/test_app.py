"""The composition: lifespan, options, and what a service may add."""

import asyncio
import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.support import Process, serving, settings, until

import rookery
from rookery import create_app
from rookery.sockets import AddressError


def test_lifespan_of_the_service():
    """The service's own start and stop run around its requests, and give them their state."""
    steps = []

    @contextlib.asynccontextmanager
    async def lifespan(_):
        steps.append("start")
        yield {"pool": "pool"}
        steps.append("stop")

    app = create_app(settings(), lifespan=lifespan)
    with serving(app) as client:
        assert 200 == client.get("/readyz").status_code
        steps.append("serve")

    assert ["start", "serve", "stop"] == steps


def test_options_reach_fastapi():
    """Title and version are the service's."""
    app = create_app(settings(), title="Birds", version="7")

    assert {"title": "Birds", "version": "7"} == app.openapi()["info"]


def test_public_surface():
    """The package gives three names; any other is an error that says so."""
    assert ["Settings", "__version__", "create_app"] == rookery.__all__
    with pytest.raises(AttributeError, match="module 'rookery' has no attribute 'fly'"):
        _ = rookery.fly


def test_admin_port_in_use():
    """Under a foreign server too, a taken admin port fails the start in one sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        app = create_app(settings(admin_port=taken.getsockname()[1]))

        with pytest.raises(AddressError, match="ROOKERY_ADMIN_PORT"):
            asyncio.run(start(app))


async def start(app):
    async with app.router.lifespan_context(app):
        pass


class Collector(BaseHTTPRequestHandler):
    """An OTLP collector that keeps what it is sent."""

    def do_POST(self):
        self.server.received.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_tracing():
    """With OpenTelemetry's variables set, each request is a span of the named service."""
    with HTTPServer(("127.0.0.1", 0), Collector) as collector:
        collector.received = []
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{collector.server_port}"
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_SERVICE_NAME": "birds",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "ROOKERY_LOG_FORMAT": "json",
            "ROOKERY_DRAIN_SECONDS": "0",
            "ROOKERY_ADMIN_PORT": "",
        }
        with Process(**variables) as process:
            process.get("/test")
            process.get("/metrics")
            process.popen.terminate()
            _, lines = process.end()
        until(lambda: collector.received)
        collector.shutdown()
    spans = b"".join(collector.received)
    [line] = [line for line in map(json.loads, lines) if line["logger"] == "rookery.access"]

    assert b"birds" in spans
    assert b"/test" in spans
    assert b"/metrics" not in spans
    assert bytes.fromhex(line["trace_id"]) in spans
