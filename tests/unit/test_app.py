"""The service itself: what its one route answers."""

from src.app import create_app
from tests.support import exchange, port_of, serving, settings


def test_answer_is_exact():
    """`GET /test` answers these 14 bytes as JSON, and nothing else."""
    with serving(create_app(settings())) as client:
        response = client.get("/test")

    assert b'{"status":200}' == response.content
    assert "application/json" == response.headers["content-type"]
    assert 200 == response.status_code


def test_head_has_the_headers_of_get_and_no_body():
    """HEAD is answered like GET: same length, no body; monitors and load balancers ask it."""
    with serving(create_app(settings())) as client:
        request = b"HEAD /test HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        answer = exchange(port_of(client), request)

    head, _, body = answer.partition(b"\r\n\r\n")

    assert b"HTTP/1.1 200 OK" == head.splitlines()[0]
    assert b"content-length: 14" in head.splitlines()
    assert b"" == body


def test_answer_is_documented():
    """The schema names the model of the answer, and the one shape of errors."""
    operation = create_app(settings()).openapi()["paths"]["/test"]["get"]

    assert {status: answer["content"] for status, answer in operation["responses"].items()} == {
        "200": {"application/json": {"schema": {"$ref": "#/components/schemas/Status"}}},
        "default": {
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
        },
    }
