"""What holds for every test."""

import os

import pytest


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With NO_SKIPS set, as in CI, a skipped test fails the run: everything that it needs is there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("NO_SKIPS") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
