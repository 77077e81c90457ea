"""A client may learn of a pod's removal late: large clusters are slow, and some clients cache addresses."""

import time

import pytest
from tests.cluster.cluster import until
from tests.cluster.disruption.load import LEAD_SECONDS, usual
from tests.cluster.disruption.pods import watched
from tests.cluster.disruption.report import Disruption

LATE_SECONDS = 5


@pytest.mark.short
def test_client_that_learns_late(service, loader, report):
    """Whoever sends to a pod's own address until 5 s after its SIGTERM gets every answer.

    The client of this test never learns of it: its first failure shows when the drain was over.
    """
    disruption = Disruption("removal that reaches no client")
    pod = service.pods()[0]
    with watched(service.release) as disruption.ends:
        address = service.address(pod)
        with loader.attacking(usual(100), address) as disruption.result:
            time.sleep(LEAD_SECONDS)
            service.delete(pod)
            until(lambda: pod in disruption.ends.codes, 60, "the pod ended")
    stopped_at = min(
        each.sent_at - each.draining_seconds
        for each in disruption.outcomes
        if each.draining_seconds is not None
    )
    first = min(each.sent_at for each in disruption.failures) - stopped_at
    disruption.began_seconds = stopped_at - disruption.outcomes[0].sent_at
    disruption.note = f"every request of {first:.2f} s after SIGTERM was answered"
    report.add(disruption)
    service.settle()

    assert first > LATE_SECONDS
    assert {pod: 0} == disruption.ends.codes
