"""What makes a process start faster must not change what it does."""

import gc
import subprocess
import sys

from pydantic import BaseModel

from rookery import startup

IMPORTS = """
import sys
from rookery import startup
startup.import_fastapi()
from pydantic import BaseModel
class Own(BaseModel):
    size: int
import src.app
print(Own.__pydantic_complete__, src.app.app.openapi()["openapi"], "pydantic.v1" in sys.modules)
"""


def test_models_of_the_service_are_built_at_once():
    """Only FastAPI's own models wait; and the schema still comes out; pydantic.v1 stays out."""
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True
    )

    assert "True 3.1.0 False" == ended.stdout.strip()


def test_the_switch_is_turned_back():
    """Afterwards pydantic is as it was."""
    startup.import_fastapi()

    assert "defer_build" not in BaseModel.model_config


def test_garbage_collection_is_on_afterwards():
    """Nothing is collected in the block; what lives at its end is never walked again."""
    with startup.without_garbage_collection():
        assert not gc.isenabled()

    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()
