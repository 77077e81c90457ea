"""FastAPI as its tutorial has it."""

from fastapi import FastAPI
from tests.bench.apps.work import add_work

app = FastAPI()
add_work(app)


@app.get("/test")
async def test() -> dict[str, int]:
    return {"status": 200}
