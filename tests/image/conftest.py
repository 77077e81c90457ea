"""The tests of the image need one, and a runtime: without them they are skipped, with the reason.

Where REQUIRE_IMAGE is set, as `make test-image` does, they fail instead.
"""

import os

import pytest
from tests.image import container


@pytest.fixture(autouse=True, scope="session")
def _image():
    """Asked once, and before any image is built."""
    missing = container.missing()
    if missing and os.environ.get("REQUIRE_IMAGE"):
        pytest.fail(missing)
    if missing:
        pytest.skip(missing)
