"""These tests render with helm, which `make test-chart` provides."""

import os
import shutil

import pytest


@pytest.fixture(autouse=True, scope="session")
def _helm():
    """Skip where plain `pytest` finds no helm."""
    if not (os.environ.get("HELM") or shutil.which("helm")):
        pytest.skip("there is no helm: `make test-chart` provides it")
