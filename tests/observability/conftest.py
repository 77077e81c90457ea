"""These tests need helm and promtool, which `make test-observability` provides."""

import os
import shutil

import pytest


@pytest.fixture(autouse=True, scope="session")
def _programs():
    """Skip where plain `pytest` lacks a program, and say which."""
    absent = [
        name
        for name in ("helm", "promtool")
        if not (os.environ.get(name.upper()) or shutil.which(name))
    ]
    if absent:
        pytest.skip(f"there is no {', '.join(absent)}: `make test-observability` provides it")
