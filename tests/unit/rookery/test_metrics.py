"""What is scraped, and that callers cannot make it grow."""

import pytest
from prometheus_client import REGISTRY, Counter
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_fd_to_metric_families
from tests.support import exchange, port_of, series, serving, settings

from rookery import __version__, create_app

TRACE = "0af7651916cd43dd8448eb211c80319c"


def measured_app(**changes):
    app = create_app(settings(**changes))

    @app.get("/items/{name}")
    async def item(name: str) -> str:
        return name

    return app


def scrape(client, accept=""):
    return client.get("/metrics", headers={"accept": accept})


def test_names_that_dashboards_know():
    """Requests and durations have the instrumentator's names, by handler, method and status."""
    with serving(measured_app()) as client:
        client.get("/items/a")
        client.get("/items/b")
        found = series(scrape(client).text)

    labels = 'handler="/items/{name}",method="GET"'

    assert 2 == found[f'http_requests_total{{{labels},status="2xx"}}']
    assert 2 == found[f"http_request_duration_seconds_count{{{labels}}}"]


def test_unknown_paths_share_a_series():
    """Whatever a scanner asks for, the number of series stays; a slash more is no handler."""
    with serving(measured_app()) as client:
        client.get("/nowhere")
        before = series(scrape(client).text)
        for path in ("/a.php", "/items/a/", "//", "/%ff", "/items"):
            assert 404 == client.get(path).status_code
        after = series(scrape(client).text)

    assert before.keys() == after.keys()
    assert 6 == after['http_requests_total{handler="none",method="GET",status="4xx"}']


def test_unknown_methods_share_a_label():
    """Methods that HTTP does not define are OTHER; those that the parser refuses are none."""
    with serving(measured_app()) as client:
        for method in ("PROPFIND", "MKCOL", "REPORT", "BIND"):
            assert 405 == client.request(method, "/items/a").status_code
        invented = b"MUX / HTTP/1.1\r\nHost: a\r\n\r\n"
        assert b"HTTP/1.1 400" == exchange(port_of(client), invented)[:12]
        methods = {
            name.partition('method="')[2].partition('"')[0]
            for name in series(scrape(client).text)
            if "method=" in name
        }

    assert {"OTHER"} == methods


def test_requests_are_timed_only_where_a_route_is():
    """How fast a 404 is would hide how slow the routes are."""
    with serving(measured_app()) as client:
        client.get("/nowhere")

        assert "http_request_duration_seconds_count{" not in scrape(client).text


def test_formats():
    """Prometheus gets OpenMetrics when it asks for it, and the plain text format otherwise."""
    with serving(measured_app()) as client:
        client.get("/items/a")
        plain = scrape(client)
        negotiated = scrape(client, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")

    assert plain.headers["content-type"].startswith("text/plain; version=")
    assert negotiated.headers["content-type"].startswith("application/openmetrics-text; version=1")
    assert negotiated.text.endswith("# EOF\n")
    assert len(list(open_metrics(negotiated.text))) > 5
    assert len(list(text_fd_to_metric_families(plain.text.splitlines(keepends=True)))) > 5


def test_bad_accept_header():
    """A scraper that asks for a version that is none gets the plain format, not an error."""
    with serving(measured_app()) as client:
        response = scrape(client, "application/openmetrics-text;version=newest")

    assert 200 == response.status_code
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("traceparent", "expected"),
    [
        (f"00-{TRACE}-b7ad6b7169203331-01", True),
        (f"00-{TRACE}-0000000000000000-01", False),
        ("00-00000000000000000000000000000000-b7ad6b7169203331-01", False),
        (f"ff-{TRACE}-b7ad6b7169203331-01", False),
        ("broken", False),
    ],
)
def test_exemplars(traceparent, expected):
    """A traced request leaves its trace in its bucket; a broken header leaves nothing."""
    with serving(measured_app()) as client:
        client.get("/items/a", headers={"traceparent": traceparent})
        text = scrape(client, "application/openmetrics-text").text

    assert expected == (f'# {{trace_id="{TRACE}"}}' in text)


def test_shed_requests_are_counted_twice():
    """A refused request is in the total of requests too, so that error ratios tell the truth."""
    app = measured_app(max_in_flight=1)
    app.state.rookery.limiter.in_flight = 1
    with serving(app) as client:
        assert 503 == client.get("/items/a").status_code
        found = series(scrape(client).text)

    assert 1 == found["rookery_requests_shed_total"]
    assert 1 == found['http_requests_total{handler="none",method="GET",status="5xx"}']


def test_state_of_the_process():
    """In-flight requests and their bound, draining, loop lag and build are there to see."""
    app = measured_app(revision="abc123", max_in_flight=7)
    with serving(app) as client:
        found = series(scrape(client).text)

    assert (
        found["rookery_requests_in_flight"],
        found["rookery_requests_in_flight_limit"],
        found["rookery_draining"],
    ) == (0, 7, 0)
    assert 0 <= found["rookery_event_loop_lag_seconds"] < 5
    [build] = [name for name in found if name.startswith("rookery_build_info")]
    assert f'version="{__version__}"' in build
    assert 'revision="abc123"' in build


def test_metrics_of_the_process_and_of_the_service():
    """The process's own metrics, and what the service declares itself, are scraped too."""
    counter = Counter("birds", "Birds seen.")
    try:
        with serving(measured_app()) as client:
            counter.inc()
            found = series(scrape(client).text)
    finally:
        REGISTRY.unregister(counter)

    assert 1 == found["birds_total"]
    assert found["process_resident_memory_bytes"] > 0


def test_two_applications_count_apart():
    """Each application has instruments of its own: tests and sub-applications do not collide."""
    with serving(measured_app()) as one, serving(measured_app()) as other:
        one.get("/items/a")

        assert "http_requests_total{" not in scrape(other).text
