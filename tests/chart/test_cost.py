"""The bill: computed from requests and prices, printed, and bounded."""

import pytest
from tests.chart.chart import CHART, notes, refusal, template

SIMPLE = "cost.prices.vcpuHour=0.04", "cost.prices.gibHour=0.005"
POD = "resources.requests.cpu=250m", "resources.requests.memory=256Mi", "resources.limits.memory="


def bill(*sets):
    """The three amounts that NOTES print."""
    lines = [line.split() for line in notes(*sets).splitlines() if "USD" in line]
    return [
        next(word for word in words if "." in word) for words in lines if words[0] in ("at", "one")
    ]


def test_case_c21_bill():
    """2 pods of 250m and 256 MiB for 730 h at 0.04 and 0.005 cost 16.425."""
    assert ["16.43", "16.43", "8.21"] == bill(*SIMPLE, *POD, "autoscaling.maxReplicas=2")


def test_default_bill():
    """The sheet, its date, and the same sum done by hand."""
    one = 730 * (0.1 * 0.02181159 + 96 / 1024 * 0.00292353)

    assert [f"{one * pods:.2f}" for pods in (2, 6, 1)] == bill()
    assert "GCP E2 on demand, us-central1, read on 2026-09-27" in notes()


def test_fixed_count_is_the_whole_bill():
    """Without an autoscaler the least and the most are the same."""
    least, most, one = bill(*SIMPLE, *POD, "autoscaling.enabled=false", "replicaCount=4")

    assert ("32.85", "32.85", "8.21") == (least, most, one)


def test_sidecars_are_paid_for():
    """A container beside the service is part of each pod's price."""
    sidecar = "extraContainers[0].name=x", "extraContainers[0].resources.requests.cpu=250m"

    assert "15.51" == bill(*SIMPLE, *POD, *sidecar)[2]


def test_limit_stands_for_a_request_that_is_not_there():
    """Kubernetes takes the limit as request, and so does the bill."""
    sets = *SIMPLE, "resources.requests.memory=", "resources.limits.memory=1Gi"

    assert "6.57" == bill(*sets)[2]


@pytest.mark.parametrize(("budget", "renders"), [("49.27", False), ("49.28", True)])
def test_budget(budget, renders):
    """The worst case may reach the budget, and not pass it."""
    sets = *SIMPLE, *POD, "autoscaling.maxReplicas=6", f"cost.budget.monthly={budget}"

    assert renders == (template(*sets).returncode == 0)


def test_budget_says_what_fits():
    """The sentence has both amounts and the greatest number of pods that fits."""
    text = refusal(*SIMPLE, *POD, "autoscaling.maxReplicas=4", "cost.budget.monthly=30")

    assert "is 30.00 USD, and 4 pods all month cost 32.85: at most 3 fit" in text


def test_price_without_source_or_date_is_refused():
    """A price that nobody can check is no price."""
    assert "at '/cost/prices/source'" in refusal("cost.prices.source=")
    assert "at '/cost/prices/readOn'" in refusal("cost.prices.readOn=lately")


def test_service_monitor_note():
    """Who switches the ServiceMonitor on reads how to see whether Prometheus selects it."""
    assert "kubectl get prometheus -A" in notes("serviceMonitor.enabled=true")
    assert (CHART / "ci/21-prometheus.yaml").exists()
