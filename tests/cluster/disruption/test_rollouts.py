"""Whatever is done to the service on purpose, nobody who calls it notices."""

import threading

import pytest
from tests.cluster.disruption.service import PODS

LEAST_SECONDS = 36  # of load around each disruption, for 100,000 requests around the first six
SIX = (
    "rolling update, twice",
    "scale-down from 6 to 2",
    "node drain",
    "pod deleted, pod evicted",
    "helm rollback",
    "failed upgrade",
)
NEVER_READY = '--set-json=env={"NEVER_READY": "1"}'


def assert_nothing_dropped(disruption):
    """No failure, none shed, no connection refused or cut; each pod that went has ended well."""
    result, ends = disruption.result, disruption.ends

    assert not disruption.failures, disruption.described_failures()
    assert (0, 0, 0) == (disruption.shed, result.refused, result.cut)
    assert set() == ends.missing()
    assert {} == {name: code for name, code in ends.codes.items() if code}
    assert {} == ends.crashes


@pytest.mark.short
def test_rolling_update(service, disrupted):
    """The pod template changes, twice."""
    with disrupted("rolling update, twice", least_seconds=LEAST_SECONDS) as disruption:
        for turn in ("one", "two"):
            service.upgrade(f"--set=podLabels.turn={turn}")

    assert_nothing_dropped(disruption)
    assert len(disruption.ends.codes) >= 8


def test_scale_down(service, disrupted):
    """The autoscaler takes four pods of six."""
    service.upgrade("--set=autoscaling.minReplicas=6")
    service.settle(6)
    with disrupted("scale-down from 6 to 2", least_seconds=LEAST_SECONDS) as disruption:
        service.upgrade("--set=autoscaling.minReplicas=2")
        service.settle(2)

    assert_nothing_dropped(disruption)
    assert 4 == len(disruption.ends.codes)


def test_node_drain(service, loader, disrupted):
    """A node is drained and takes pods again."""
    service.upgrade()
    service.settle(PODS)
    node = service.node_without(loader.node)
    if not node:
        pytest.skip("a drain needs a second node for the pods to go to")
    with disrupted("node drain", least_seconds=LEAST_SECONDS) as disruption:
        service.drain(node)

    assert_nothing_dropped(disruption)
    assert disruption.ends.codes


def test_deletion_and_eviction(service, disrupted):
    """A pod is deleted; another is evicted."""
    with disrupted("pod deleted, pod evicted", least_seconds=LEAST_SECONDS) as disruption:
        first, second, *_ = service.pods()
        service.delete(first)
        service.settle()
        service.evict(second)

    assert_nothing_dropped(disruption)
    assert {first, second} == set(disruption.ends.codes)


def test_rollback(service, disrupted):
    """`helm rollback` to what ran before."""
    service.upgrade("--set=podLabels.turn=three")
    service.settle()
    with disrupted("helm rollback", least_seconds=LEAST_SECONDS) as disruption:
        service.release.helm("rollback", "--wait", "--timeout=180s")

    assert_nothing_dropped(disruption)
    assert len(disruption.ends.codes) >= 4


def test_failed_upgrade(service, disrupted):
    """An upgrade that never becomes ready is rolled back; its pods end well, too."""
    with disrupted("failed upgrade", least_seconds=LEAST_SECONDS) as disruption:
        code = service.upgrade(NEVER_READY, "--rollback-on-failure", "--timeout=15s", check=False)

    assert_nothing_dropped(disruption)
    assert code
    assert disruption.ends.codes


def test_all_at_once(service, loader, disrupted):
    """A rolling update, while a node is drained, a pod is deleted, and the autoscaler takes pods."""
    service.upgrade()
    service.settle(PODS)
    node = service.node_without(loader.node)
    with disrupted("all at once") as disruption:
        options = ("--set=podLabels.turn=four", "--set=autoscaling.minReplicas=3")
        work = [threading.Thread(target=service.upgrade, args=options)]
        work += [threading.Thread(target=service.drain, args=(node,))] if node else []
        for thread in work:
            thread.start()
        service.delete(service.pods()[0])
        for thread in work:
            thread.join()
        service.settle(3)

    assert_nothing_dropped(disruption)
    assert len(disruption.ends.codes) >= PODS


def test_enough_requests(report):
    """The proof rests on 100,000 requests at least, around the first six disruptions."""
    counted = [len(each.outcomes) for each in report.disruptions if each.name in SIX]

    assert len(SIX) == len(counted)
    assert 100_000 <= sum(counted)
