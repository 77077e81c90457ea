"""Metrics, probes and the documentation page: where they answer, and where they do not."""

import time

import httpx
import pytest
from tests.support import free_port, serving, settings

from rookery import create_app

ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")


def test_on_the_services_port_without_an_admin_port():
    """On a laptop, one port has everything."""
    with serving(create_app(settings())) as client:
        answers = {path: client.get(path).status_code for path in ("/livez", "/readyz", "/metrics")}

    assert {"/livez": 200, "/readyz": 200, "/metrics": 200} == answers


def test_only_on_the_admin_port():
    """With an admin port, no route to the service leads to metrics and probes."""
    port = free_port()
    with serving(create_app(settings(admin_port=port))) as client:
        for path in ("/livez", "/readyz", "/metrics"):
            assert 404 == client.get(path).status_code
            assert 200 == httpx.get(f"http://127.0.0.1:{port}{path}").status_code
        assert 404 == httpx.get(f"http://127.0.0.1:{port}/test").status_code


def test_answers_while_the_event_loop_is_blocked():
    """Probes and scrapes do not wait for a handler that never awaits."""
    port = free_port()
    app = create_app(settings(admin_port=port, ready_lag_seconds=0.2))
    slowest = []

    @app.get("/blocks")
    async def blocks() -> list[int]:
        statuses = []
        for path in ("/livez", "/metrics", "/readyz"):
            started = time.monotonic()
            answer = httpx.get(f"http://127.0.0.1:{port}{path}")  # noqa: ASYNC210
            statuses.append(answer.status_code)
            slowest.append(time.monotonic() - started)
            time.sleep(0.2)  # noqa: ASYNC251 - the handler blocks the loop: that is the test
        return statuses

    with serving(app) as client:
        assert [200, 200, 503] == client.get("/blocks").json()
    assert max(slowest) < 1


def test_reason_of_a_failing_probe():
    """A probe that fails says why."""
    app = create_app(settings())
    with serving(app) as client:
        app.state.rookery.health.draining = True
        response = client.get("/readyz")

    assert {"title": "Service Unavailable", "status": 503, "detail": "draining"} == response.json()


def test_docs_need_no_other_host():
    """The page and what it loads come from the service: it works without the internet."""
    with serving(create_app(settings())) as client:
        page = client.get("/docs").text
        sizes = [len(client.get(f"/docs/{name}").content) for name in ASSETS]

    assert "http" not in page.replace("https://fastapi", "")
    assert all(f'"docs/{name}"' in page for name in ASSETS)
    assert min(sizes) > 1000


def test_docs_can_be_off():
    """Docs that are off are nowhere, nor is the schema."""
    with serving(create_app(settings(docs=False))) as client:
        answers = {client.get(path).status_code for path in ("/docs", "/openapi.json", "/redoc")}

    assert {404} == answers


@pytest.mark.parametrize("seen_by_us", ["", "/api/v1"])
def test_docs_behind_a_prefix(seen_by_us):
    """Behind a proxy with a path prefix the docs work, whether it strips the prefix or not."""
    with serving(create_app(settings(root_path="/api/v1"))) as client:
        page = client.get(f"{seen_by_us}/docs")
        schema = client.get(f"{seen_by_us}/openapi.json").json()

    assert 'url: "openapi.json"' in page.text or "url: 'openapi.json'" in page.text
    assert [{"url": "/api/v1"}] == schema["servers"]


@pytest.mark.parametrize("seen_by_us", ["", "/api/v1"])
def test_routes_behind_a_prefix(seen_by_us):
    """Routes answer with the prefix and without it."""
    app = create_app(settings(root_path="/api/v1"))
    app.get("/test")(lambda: 1)
    with serving(app) as client:
        assert 200 == client.get(f"{seen_by_us}/test").status_code
