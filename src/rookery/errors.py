"""The one shape of every answer that is an error: problem details, RFC 9457, as JSON.

HTTPException            -> its status, and its detail
RequestValidationError   -> 422, and `errors`: where and why, never the value itself
anything else            -> 500, and nothing of the cause: that is in the log
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from rookery import logs

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """An error, as RFC 9457 has it; `request_id` finds its lines in the log."""

    title: str
    status: int
    detail: str | None = None
    request_id: str | None = None
    errors: list[dict[str, Any]] | None = None


# What FastAPI puts into the schema of every route.
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Any error",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


def problem(
    status: int,
    detail: str | None = None,
    headers: dict[str, str] | None = None,
    **members: Any,
) -> Response:
    """The answer for an error, with further `members` of the JSON object."""
    content = {"title": _title(status), "status": status, "detail": detail, **members}
    content["request_id"] = logs.request_id.get()
    body = orjson.dumps({key: value for key, value in content.items() if value is not None})
    return Response(body, status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem, and say so in its schema."""
    app.exception_handlers |= HANDLERS | {RequestValidationError: _validation_error}
    app.openapi = _documenting_problems(app.openapi)  # type: ignore[method-assign]  # FastAPI's way


def _documenting_problems(original: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    def openapi() -> dict[str, Any]:
        schema = original()
        components = schema.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        return schema

    return openapi


async def _http_exception(request: Request, error: HTTPException) -> Response:
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(allowed_methods(request)))
    detail = error.detail if error.detail != _title(error.status_code) else ""
    return problem(error.status_code, detail or None, headers)


async def _validation_error(_: Request, error: RequestValidationError) -> Response:
    # the input is left out: it may be a secret, and the caller knows it
    errors = [{key: each[key] for key in ("loc", "msg", "type")} for each in error.errors()]
    return problem(422, "The request does not fit what this path accepts.", errors=errors)


async def _unexpected(_: Request, __: Exception) -> Response:
    return problem(500)


# What every application here does with an exception, FastAPI's or not.
HANDLERS: dict[Any, Any] = {HTTPException: _http_exception, Exception: _unexpected}


def allowed_methods(request: Request) -> set[str]:
    """Every method that some route has for the path of `request`; HEAD wherever GET is."""
    methods: set[str] = set()
    for route in request.app.routes:
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return methods | {"HEAD"} if "GET" in methods else methods


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
