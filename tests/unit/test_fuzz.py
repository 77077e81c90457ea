"""Inputs that nobody thought of: from the schema, and as raw bytes."""

from typing import Annotated

import schemathesis
from fastapi import FastAPI, Header, Path, Query
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import BaseModel
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from src.app import create_app as create_service
from tests.support import exchange, port_of, series, serving, settings, status_of

from rookery import create_app

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
FUZZ = hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
)


class Nest(BaseModel):
    eggs: Annotated[int, Query(ge=0, le=9)]
    twigs: list[str] = []


def nesting_app() -> FastAPI:
    """A service with every kind of input."""
    app = create_app(settings())

    @app.put("/nests/{number}")
    async def put(
        number: Annotated[int, Path(ge=0)],
        nest: Nest,
        wind: Annotated[float, Query()] = 0,
        x_bird: Annotated[str, Header()] = "rook",
    ) -> Nest:
        return nest if number or wind or x_bird else Nest(eggs=0)

    @app.get("/birds")
    def birds(names: Annotated[list[str] | None, Query()] = None) -> list[str]:
        return names or []

    return app


def fuzz(app: FastAPI) -> None:
    """Send what the schema allows and what it does not; check each answer against it."""
    with serving(app) as client:
        schema = schemathesis.openapi.from_dict(app.openapi())
        for operation in schema.get_all_operations():

            @given(case=operation.ok().as_strategy())
            @FUZZ
            def answers(case):
                case.call_and_validate(base_url=str(client.base_url), checks=CHECKS)

            answers()


def test_service_keeps_its_schema():
    """Whatever fits the service's schema, or does not, gets an answer that the schema names."""
    fuzz(create_service(settings()))


def test_every_kind_of_input():
    """Paths, queries, headers and bodies of any form never make a 5xx or another shape."""
    fuzz(nesting_app())


TOKENS = st.sampled_from(
    [b"GET", b"POST", b"HEAD", b"OPTIONS", b"PROPFIND", b"get", b"G\x00T", b""]
)
TARGETS = st.one_of(
    st.sampled_from([b"/test", b"/docs", b"/metrics", b"*", b"//", b"/%", b"/%zz", b"/..;/", b"?"]),
    st.binary(max_size=40).map(lambda tail: b"/" + tail),
)
VERSIONS = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2", b"HTTP/1.1 ", b""])
NAMES = st.sampled_from(
    b"Host|Content-Length|Transfer-Encoding|Expect|Connection|Accept|X-Request-ID|traceparent|"
    b"X-Forwarded-For|Upgrade|Range| |".split(b"|")
)
VALUES = st.one_of(
    st.sampled_from([b"a", b"chunked", b"close", b"0", b"-1", b"1e3", b"[::1", b"100-continue"]),
    st.binary(max_size=30),
)
LINES = st.lists(st.tuples(NAMES, VALUES).map(b": ".join), max_size=5)


def test_raw_bytes():
    """No bytes at all make a 5xx, a dead server, or a series for what a caller invented."""
    with serving(create_service(settings(read_timeout_seconds=0.3))) as client:
        port = port_of(client)
        for method in ("GET", "HEAD", "POST", "OPTIONS", "PROPFIND"):  # every label there can be
            for path in ("/test", "/nowhere"):
                client.request(method, path)
        known = series(client.get("/metrics").text).keys()

        @given(TOKENS, TARGETS, VERSIONS, LINES, st.binary(max_size=50))
        @hypothesis_settings(FUZZ, max_examples=300)
        def survives(method, target, version, lines, body):
            head = b"\r\n".join([b" ".join([method, target, version]), *lines])
            answer = exchange(port, head + b"\r\nConnection: close\r\n\r\n" + body)

            assert status_of(answer) < 500

        survives()
        assert 200 == client.get("/test").status_code
        assert known == series(client.get("/metrics").text).keys()
