"""These tests run on a cluster, or say why they do not."""

import os

import pytest
from tests.cluster.cluster import missing


@pytest.fixture(autouse=True, scope="session")
def _cluster():
    """Skip without a cluster, or fail where one is required."""
    reason = missing()
    if reason and os.environ.get("REQUIRE_CLUSTER") == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
