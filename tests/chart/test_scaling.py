"""Who decides how many pods there are, and by what."""

import re

import pytest
import yaml
from tests.chart.chart import CHART, container, kinds, notes, one, rendered

KEDA = "keda.enabled=true", "keda.prometheus.serverAddress=http://prometheus:9090"


@pytest.mark.parametrize("count", [0, 1, 4])
def test_fixed_count(count):
    """Without an autoscaler the count is written, zero too."""
    sets = "autoscaling.enabled=false", f"replicaCount={count}"

    assert count == one("Deployment", *sets)["spec"]["replicas"]
    assert "HorizontalPodAutoscaler" not in kinds(*sets)


@pytest.mark.parametrize("sets", [(), KEDA])
def test_case_b09_one_owner_of_the_count(sets):
    """With an autoscaler the Deployment has no count, and there is exactly one autoscaler."""
    autoscalers = {"HorizontalPodAutoscaler", "ScaledObject"} & set(kinds(*sets))

    assert "replicas" not in one("Deployment", *sets)["spec"]
    assert 1 == len(autoscalers)


def test_case_b16_order_of_metrics():
    """Memory stands before CPU, as the API server returns them."""
    metrics = one("HorizontalPodAutoscaler", "autoscaling.targetMemoryUtilizationPercentage=80")

    assert ["memory", "cpu"] == [m["containerResource"]["name"] for m in metrics["spec"]["metrics"]]


AMOUNTS = {
    "0.5": "500m",
    "1000m": "1",
    "1": "1",
    "1.5": "1500m",
    "250m": "250m",
    "2000": "2k",
    "0.1": "100m",
}
MEMORY = {
    "1024Mi": "1Gi",
    "96Mi": "96Mi",
    "1.5Gi": "1536Mi",
    "1000M": "1G",
    "128974848": "128974848",
    "1Ti": "1Ti",
    "0.125Gi": "128Mi",
    "1500Ki": "1500Ki",
}


@pytest.mark.parametrize(
    ("resource", "written", "stored"),
    [("cpu", *item) for item in AMOUNTS.items()] + [("memory", *item) for item in MEMORY.items()],
)
def test_case_b16_amounts(resource, written, stored):
    """An amount is rendered as the API server stores it, so that no tool sees a difference."""
    sets = "resources.limits.memory=", f"resources.requests.{resource}={written}"

    assert stored == container(*sets)["resources"]["requests"][resource]


def test_case_c16_memory_target_is_off_and_warned_of():
    """Nothing scales by memory unless told, and then NOTES say what that means."""
    assert "memory" not in str(one("HorizontalPodAutoscaler")["spec"]["metrics"])
    assert "WARNING: a memory target" in notes("autoscaling.targetMemoryUtilizationPercentage=80")
    assert "WARNING" not in notes()


def test_case_c12_behavior_is_always_written():
    """Both autoscalers carry the rules of values.yaml in full."""
    behavior = yaml.safe_load((CHART / "values.yaml").read_text())["autoscaling"]["behavior"]
    advanced = one("ScaledObject", *KEDA)["spec"]["advanced"]

    assert behavior == one("HorizontalPodAutoscaler")["spec"]["behavior"]
    assert behavior == advanced["horizontalPodAutoscalerConfig"]["behavior"]


def test_case_c18_prometheus_is_down():
    """No data counts as an outage, which keeps the pods there are; true silence counts as 0."""
    spec = one("ScaledObject", *KEDA)["spec"]
    trigger = next(t for t in spec["triggers"] if t["type"] == "prometheus")
    selected = '{namespace="default",job="r-rookery"}'

    assert "currentReplicasIfHigher" == spec["fallback"]["behavior"]
    assert spec["minReplicaCount"] == 2
    assert "AverageValue" == trigger["metricType"]
    assert "false" == trigger["metadata"]["ignoreNullValues"]
    assert "240" == trigger["metadata"]["threshold"]
    assert (
        f"sum(rate(http_requests_total{selected}[1m])) or sum(up{selected}) * 0"
        == trigger["metadata"]["query"]
    )


def test_keda_cpu_stays_as_a_second_guard():
    """The CPU target is a trigger too, and looks at the service's container."""
    spec = one("ScaledObject", *KEDA)["spec"]
    [trigger] = [t for t in spec["triggers"] if t["type"] == "cpu"]

    assert {"value": "60", "containerName": "rookery"} == trigger["metadata"]


def test_keda_schedule():
    """Office hours raise the minimum."""
    values = str(CHART / "ci/22-keda.yaml")
    [trigger] = [t for t in one("ScaledObject", values)["spec"]["triggers"] if t["type"] == "cron"]

    assert "3" == trigger["metadata"]["desiredReplicas"]
    assert "Europe/Berlin" == trigger["metadata"]["timezone"]


def test_keda_metadata_is_text():
    """KEDA takes only texts as metadata."""
    triggers = one("ScaledObject", str(CHART / "ci/22-keda.yaml"))["spec"]["triggers"]

    assert {str} == {type(value) for t in triggers for value in t["metadata"].values()}


def test_vpa_only_advises():
    """The VPA changes nothing by itself."""
    spec = one("VerticalPodAutoscaler", "vpa.enabled=true")["spec"]

    assert {"updateMode": "Off"} == spec["updatePolicy"]


def test_sidecar_without_requests_does_not_blind_the_autoscaler():
    """The autoscaler reads one container, whatever else is in the pod."""
    text = rendered(str(CHART / "ci/05-sidecar.yaml"))

    assert not re.search(r"type: Resource$", text, re.MULTILINE)
