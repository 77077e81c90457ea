"""Where something must be lost, it is bounded, and counted."""

import pytest
from tests.cluster.cluster import until
from tests.cluster.disruption.load import Attack
from tests.cluster.disruption.service import PODS

KILLED = 137  # 128 + SIGKILL
LOSS_SECONDS = 5  # until no request reaches a killed container any more

NO_DRAIN = "--set=shutdown.drainSeconds=0"
TWO_SMALL_PODS = (
    "--set-string=resources.limits.cpu=250m",
    "--set=autoscaling.targetCPUUtilizationPercentage=200",
    "--set=autoscaling.minReplicas=2",
    "--set=autoscaling.maxReplicas=2",
)
WORK = (
    "/work/5",
)  # milliseconds of processor time: a pod with a quarter of one does about 50 a second
OVERLOAD = {"kept": Attack(150, WORK, keep=True), "new": Attack(150, WORK, keep=False)}


def test_killed_container(service, loader, disrupted):
    """Of a container that is killed with SIGKILL, its own share is lost until its pod is removed."""
    pod = service.pods()[0]
    with disrupted("container killed") as disruption:
        loader.post(service.address(pod), "/memory")
        until(lambda: pod in disruption.ends.crashes, 30, "the container killed")

    rate = sum(1 for each in disruption.outcomes) / disruption.lasted_seconds()
    moments = [disruption.moment_seconds(each) for each in disruption.failures]
    assert (KILLED, "OOMKilled") == disruption.ends.crashes[pod]
    assert 0 == disruption.shed
    assert max(moments) < LOSS_SECONDS
    assert 1 <= len(moments) <= LOSS_SECONDS * rate / PODS


@pytest.fixture
def restored(service):
    """The service as it was, after a test that has changed its settings."""
    yield
    service.upgrade()
    service.settle(PODS)


@pytest.mark.usefixtures("restored")
def test_overload_during_a_rollout(service, disrupted):
    """Three times what the pods can do, in a rollout: the excess is shed, and nothing else fails."""
    service.upgrade(*TWO_SMALL_PODS)
    service.settle(2)
    with disrupted("overload in a rollout", attacks=OVERLOAD) as disruption:
        service.upgrade(*TWO_SMALL_PODS, "--set=podLabels.turn=five")

    answered = len(disruption.outcomes) - disruption.shed
    assert not disruption.failures, disruption.described_failures()
    assert disruption.shed >= 2 * answered
    assert {0} == set(disruption.ends.codes.values())
    assert set() == disruption.ends.missing()


@pytest.mark.usefixtures("restored")
def test_rolling_update_without_a_drain(service, disrupted):
    """What is dropped shows: without the drain, a rolling update loses requests."""
    service.upgrade(NO_DRAIN)
    service.settle()
    with disrupted("rolling update without a drain") as disruption:
        service.upgrade(NO_DRAIN, "--set=podLabels.turn=six")

    assert disruption.failures
