"""One release and one load for all disruptions."""

import contextlib
import os
import shutil
import time
from pathlib import Path

import pytest
from tests.cluster.cluster import namespace
from tests.cluster.disruption.load import LEAD_SECONDS, Loader, usual
from tests.cluster.disruption.pods import watched
from tests.cluster.disruption.report import Disruption, Report
from tests.cluster.disruption.service import Service

TAIL_SECONDS = 2
VEGETA = os.environ.get("VEGETA") or shutil.which("vegeta")


@pytest.fixture(scope="session")
def report():
    """The report of this run."""
    return Report(Path(os.environ.get("DISRUPTION_REPORT") or "build/disruption"))


@pytest.fixture(scope="session")
def service(tmp_path_factory):
    """The service, four pods of it."""
    with namespace("rookery-test-disruption", bounded=False) as release:
        found = Service(release, tmp_path_factory.mktemp("disruption"))
        found.install()
        yield found


@pytest.fixture(scope="session")
def loader(service):
    """A pod that sends the load."""
    if not VEGETA:
        pytest.fail("there is no vegeta: run `make test-disruption`, which provides it")
    return Loader(service.release, VEGETA)


@pytest.fixture
def disrupted(service, loader, report):
    """Gives a context in which the load runs while the service is disrupted."""

    @contextlib.contextmanager
    def disrupted(name, *, least_seconds=0.0, attacks=None):
        disruption = Disruption(name)
        with watched(service.release) as disruption.ends:
            with loader.attacking(attacks or usual()) as disruption.result:
                begun = time.monotonic()
                time.sleep(LEAD_SECONDS)
                disruption.began_seconds = time.monotonic() - begun
                yield disruption
                service.settle()
                disruption.took_seconds = time.monotonic() - begun - disruption.began_seconds
                time.sleep(max(TAIL_SECONDS, begun + least_seconds - time.monotonic()))
            report.add(disruption)

    return disrupted
