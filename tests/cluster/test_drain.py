"""Nodes can be drained, whatever the least number of pods is."""

import json
import time

import pytest
from tests.cluster.cluster import namespace, run, until


def nodes():
    """The nodes that take pods."""
    found = json.loads(run("kubectl", "get", "nodes", "-o", "json").stdout)["items"]
    return [n["metadata"]["name"] for n in found if not n["spec"].get("unschedulable")]


@pytest.mark.parametrize("least", [2, 1])
def test_drain(least):
    """A drain ends within the grace period, the pods move, and with two of them nobody notices."""
    if len(nodes()) < 2:
        pytest.skip("a drain needs a second node for the pods to go to")
    with namespace(f"rookery-test-drain-{least}") as release:
        release.install(f"--set=autoscaling.minReplicas={least}")
        node = release.pods()[0]["spec"]["nodeName"]
        try:
            with release.calling(per_second=20, seconds=35) as outcomes:
                start = time.monotonic()
                selector = "app.kubernetes.io/name=rookery"
                run("kubectl", "drain", node, "--ignore-daemonsets", "--delete-emptydir-data",
                    "--force", "--timeout=60s", f"--pod-selector={selector}")  # fmt: skip
                took = time.monotonic() - start
                until(lambda: release.ready() >= least, 60, f"{least} ready again")
            assert node not in {pod["spec"]["nodeName"] for pod in release.pods()}
        finally:
            run("kubectl", "uncordon", node)
        print(f"\nmin {least}: drained in {took:.1f} s, {outcomes}", end="")

        assert took < 35
        if least > 1:
            assert {"200"} == set(outcomes)
