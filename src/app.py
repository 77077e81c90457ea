"""The service: its routes. Everything else is the chassis's."""

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

import rookery


class Status(BaseModel):
    """What `GET /test` answers."""

    status: int = 200


def create_app(settings: rookery.Settings | None = None) -> FastAPI:
    """The service, with the settings of the environment unless given others."""
    app = rookery.create_app(settings, title="Rookery", version=rookery.__version__)
    answer = JSONResponse(Status().model_dump())  # never changes, so it is rendered once

    @app.get("/test", response_model=Status)
    async def test() -> Response:
        """Say that the service answers."""
        return answer

    return app


app = create_app()
