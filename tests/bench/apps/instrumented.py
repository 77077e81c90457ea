"""FastAPI with the instrumentator's defaults."""

from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator

app = FastAPI()


@app.get("/test")
async def test() -> dict[str, int]:
    return {"status": 200}


Instrumentator().instrument(app).expose(app)
