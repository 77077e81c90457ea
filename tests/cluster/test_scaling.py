"""The autoscaler follows real load, and no upgrade resets what it decided."""

import time

import pytest
from tests.cluster.cluster import namespace, until

# A small request makes a small load enough; a short patience makes the way down short.
QUICK = (
    "--set=resources.requests.cpu=20m",
    "--set=autoscaling.maxReplicas=4",
    "--set=autoscaling.behavior.scaleDown.stabilizationWindowSeconds=30",
)


def test_up_and_down_with_an_upgrade_between():
    """Under load the count rises, an upgrade keeps it, and after the load it falls to two again."""
    with namespace("rookery-test-scaling") as release:
        release.install(*QUICK)
        start = time.monotonic()

        def reached(count, what):
            until(lambda: release.replicas() == count, 240, what)
            print(f"\n{time.monotonic() - start:4.0f} s: {count} replicas, {what}", end="")

        with release.calling(per_second=250, seconds=130) as outcomes:
            reached(4, "scaled up")
            until(lambda: release.ready() == 4, 60, "four ready")
            revision = release.helm("upgrade", *QUICK, "--set=podLabels.round=two", "--wait")
            assert "REVISION: 2" in revision.stdout
            reached(4, "after helm upgrade")
        assert {"200"} == set(outcomes)
        print(f"\n{time.monotonic() - start:4.0f} s: the load ends, {outcomes}", end="")
        reached(2, "scaled down")


@pytest.mark.parametrize("held", [False, True])
def test_from_a_fixed_count_to_an_autoscaler(held):
    """The switch keeps the count where `kubectl scale` has taken it over, as README says."""
    with namespace(f"rookery-test-switch-{held}".lower()) as release:
        fixed = ["--set=autoscaling.enabled=false", "--set=replicaCount=4"]
        release.install(*fixed)
        if held:
            release.kubectl("scale", "deployment/rookery", "--replicas=5")
            until(lambda: release.ready() == 5, 60, "five ready")
        release.helm("upgrade")
        lowest = 9
        deadline = time.monotonic() + 25
        while time.monotonic() < deadline:
            lowest = min(lowest, release.replicas())
            time.sleep(0.5)
        print(f"\nlowest count {lowest}", end="")

        assert (lowest >= 5) == held


def test_count_set_by_hand_survives_an_upgrade():
    """Whoever scales by hand between two upgrades is not reset by the second (case B09)."""
    with namespace("rookery-test-by-hand") as release:
        release.install("--set=autoscaling.behavior.scaleDown.stabilizationWindowSeconds=300")
        release.kubectl("scale", "deployment/rookery", "--replicas=5")
        release.helm("upgrade", "--set=podLabels.round=two", "--wait")

        assert 5 == release.replicas()
