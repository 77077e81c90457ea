"""A drain always ends, and a pod has the time to end well."""

import itertools
import math

import pytest
import yaml
from tests.chart.chart import one, template

BOUNDS = [None, "minAvailable=1", "minAvailable=2", "minAvailable=50%", "minAvailable=100%"]
BOUNDS += ["maxUnavailable=0", "maxUnavailable=1", "maxUnavailable=0%", "maxUnavailable=50%"]
GRID = list(itertools.product([0, 1, 2, 3], [None, 1, 2, 3], BOUNDS))


def allowed(spec, pods):
    """How many of `pods` may go, by the rule of the disruption controller."""

    def count(bound):
        if isinstance(bound, str):
            return math.ceil(int(bound.rstrip("%")) * pods / 100)
        return bound

    if "minAvailable" in spec:
        return pods - count(spec["minAvailable"])
    return count(spec["maxUnavailable"])


@pytest.mark.parametrize(("replicas", "minimum", "bound"), GRID)
def test_case_b12_grid(replicas, minimum, bound):
    """At the least number of pods one may go, or there is no budget, or it is refused."""
    sets = [f"replicaCount={replicas}", f"autoscaling.enabled={str(minimum is not None).lower()}"]
    sets += [f"autoscaling.minReplicas={minimum}"] if minimum else []
    sets += [f"podDisruptionBudget.{bound}"] if bound else []
    result = template(*sets)
    if result.returncode:
        assert "podDisruptionBudget" in result.stderr
        return
    found = [o for o in yaml.safe_load_all(result.stdout) if o]
    budgets = [o["spec"] for o in found if o["kind"] == "PodDisruptionBudget"]
    pods = replicas if minimum is None else minimum

    assert (pods > 1 or minimum is not None) == bool(budgets)
    for spec in budgets:
        assert allowed(spec, pods) >= 1
        assert len({"minAvailable", "maxUnavailable"} & set(spec)) == 1


@pytest.mark.parametrize("bound", [None, "minAvailable=1", "maxUnavailable=2"])
def test_usual_bounds_are_taken(bound):
    """With three pods the usual bounds render."""
    sets = ["autoscaling.minReplicas=3", *([f"podDisruptionBudget.{bound}"] if bound else [])]

    assert one("PodDisruptionBudget", *sets)


def test_broken_pod_does_not_hold_up_a_drain():
    """A pod that is not ready may always be evicted."""
    assert "AlwaysAllow" == one("PodDisruptionBudget")["spec"]["unhealthyPodEvictionPolicy"]


def test_no_budget():
    """It can be switched off."""
    assert template("podDisruptionBudget.enabled=false").stdout.count("DisruptionBudget") == 0


def test_grace_covers_drain_and_longest_request():
    """What the service is told fits into what the kubelet grants."""
    spec = one("Deployment", "shutdown.stopTimeoutSeconds=50", "terminationGracePeriodSeconds=61")
    pod = spec["spec"]["template"]["spec"]
    told = {e["name"]: e["value"] for e in pod["containers"][0]["env"]}
    needed = int(told["ROOKERY_DRAIN_SECONDS"]) + int(told["ROOKERY_STOP_TIMEOUT_SECONDS"])

    assert (56, 61) == (needed, pod["terminationGracePeriodSeconds"])
