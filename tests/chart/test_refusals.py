"""What cannot work is refused, in a sentence that names the value and the way out."""

import pytest
from tests.chart.chart import kinds, refusal, template

DIGEST = "sha256:" + 64 * "a"
TARGETS_OFF = "autoscaling.targetCPUUtilizationPercentage=null"
HPA = ["apiVersion=autoscaling/v2", "kind=HorizontalPodAutoscaler", "metadata.name=x"]

# values, what the sentence must name: the thing, its value, the way out
REFUSED = [
    (["autoscaling.minReplicas=7"], ["minReplicas is 7", "maxReplicas, which is 6"]),
    (["autoscaling.maxReplicas=1"], ["minReplicas is 2", "which is 1"]),
    (
        ["resources.requests.cpu=null"],
        ["targetCPUUtilizationPercentage", "set resources.requests.cpu"],
    ),
    (["resources.requests.cpu="], ["targetCPUUtilizationPercentage", "set resources.requests.cpu"]),
    (["resources=null"], ["targetCPUUtilizationPercentage", "set resources.requests.cpu"]),
    (
        ["autoscaling.targetMemoryUtilizationPercentage=80", "resources=null", TARGETS_OFF],
        ["targetMemoryUtilizationPercentage", "set resources.requests.memory"],
    ),
    (
        ["resources.limits.cpu=100m", "autoscaling.targetCPUUtilizationPercentage=91"],
        ["91", "100 %"],
    ),
    (["resources.limits.memory=64Mi"], ["resources.requests.memory is above"]),
    ([TARGETS_OFF], ["nothing tells it when to scale", "autoscaling.enabled=false"]),
    (["keda.enabled=true", "autoscaling.enabled=false"], ["keda.enabled", "set both or neither"]),
    (["keda.prometheus.serverAddress=http://p"], ["keda.enabled is false"]),
    (["vpa.enabled=true", "vpa.updateMode=Auto"], ['"Auto"', "second autoscaler", '"Off"']),
    (
        [
            *(f"extraObjects[0].{x}" for x in HPA),
            "extraObjects[0].spec.scaleTargetRef.name=r-rookery",
        ],
        ["HorizontalPodAutoscaler", "two autoscalers"],
    ),
    (["terminationGracePeriodSeconds=3"], ["is 3", "6 + ", "15 + 5", "= 26"]),
    (["shutdown.drainSeconds=11"], ["is 30", "drainSeconds 11", "= 31"]),
    (["strategy.maxSurge=0"], ["both 0"]),
    (["strategy.maxSurge=0%", "strategy.maxUnavailable=0%"], ["both 0"]),
    (["podDisruptionBudget.minAvailable=1", "podDisruptionBudget.maxUnavailable=1"], ["both set"]),
    (["podDisruptionBudget.minAvailable=2"], ["minAvailable is 2", "of 2 pods"]),
    (["podDisruptionBudget.maxUnavailable=0"], ["maxUnavailable is 0", "drain waits for ever"]),
    (["podDisruptionBudget.minAvailable=0"], ["protects nothing"]),
    (["ports.admin=8123"], ["containerPort 8123 is there twice"]),
    (["image.tag=" + DIGEST], ["image.tag is", "goes into image.digest"]),
    (["image.digest=1.2.3"], ["image.digest is", "goes into image.tag"]),
    (["image.digest=sha256:abc"], ["image.digest is", "64 hexadecimal digits"]),
    (["image.repository=r.example/a:1"], ["image.repository is", "image.tag"]),
    (["image.repository=r.example:5000/a@" + DIGEST], ["image.repository is", "image.digest"]),
    (["nameOverride=" + 60 * "x"], ["62 characters", "fullnameOverride"]),
    (["fullnameOverride=Rookery"], ['"Rookery"', "fullnameOverride"]),
    (["podLabels.app\\.kubernetes\\.io/name=x"], ["podLabels sets app.kubernetes.io/name"]),
    (["commonLabels.app\\.kubernetes\\.io/instance=x"], ["commonLabels sets"]),
    (["cost.budget.monthly=10"], ["cost.budget.monthly is 10.00 USD", "6 pods", "at most 5 fit"]),
    (["prometheusRule.disabled[0]=Nope"], ['"Nope"', "docs/runbook.md"]),
    (["dashboard.enabled=true"], ["prometheusRule.enabled", "set both"]),
    (["httpRoute.enabled=true"], ["httpRoute.parentRefs is empty"]),
    (
        ["httpRoute.enabled=true", "httpRoute.parentRefs[0].name=gw", "ingress.enabled=true"],
        ["both true", "httpRoute.besideIngress=true"],
    ),
    (["networkPolicy.egress[0].ports[0].port=5432"], ["restrictEgress is false"]),
    (["externalSecret.enabled=true"], ["externalSecret.secretStoreRef.name"]),
    (["externalSecret.enabled=true", "existingSecret.name=x"], ["choose one"]),
    (["existingSecret.checksum=x"], ["existingSecret.checksum is set"]),
    (["existingConfigMap.checksum=x"], ["existingConfigMap.checksum is set"]),
    (["serviceAccount.create=false", "serviceAccount.annotations.a=b"], ["create is false"]),
    (["extraContainers[0].name=rookery"], ["name rookery is there twice"]),
    (["volumes[0].name=a", "volumes[1].name=a"], ["volumes: name a is there twice"]),
    (["existingSecret.name=s", "volumes[0].name=settings"], ["name settings is there twice"]),
    (
        [
            "existingSecret.name=s",
            "volumeMounts[0].name=x",
            "volumeMounts[0].mountPath=/run/secrets/rookery",
        ],
        ["mountPath /run/secrets/rookery is there twice"],
    ),
]


@pytest.mark.parametrize(("sets", "named"), REFUSED, ids=lambda value: str(value[0])[:60])
def test_refused(sets, named):
    """It does not render, and the sentence names all that one needs to mend it."""
    text = refusal(*sets)

    assert [] == [part for part in named if part not in text]


@pytest.mark.parametrize("owned", ["PORT", "ADMIN_PORT", "DRAIN_SECONDS", "STOP_TIMEOUT_SECONDS"])
def test_variable_with_an_owner(owned, tmp_path):
    """A variable that a value sets is not set a second time through `env`."""
    values = tmp_path / "values.yaml"
    values.write_text(f'env: {{ROOKERY_{owned}: "7"}}')

    assert f"env.ROOKERY_{owned} belongs to " in refusal(str(values))


def test_release_name_too_long():
    """A release's name that leaves no room is refused, with the way out."""
    name = 53 * "a"

    assert "set fullnameOverride" in refusal(release=name)
    assert kinds("fullnameOverride=short", release=name)


def test_all_at_once():
    """Whoever made three mistakes reads of three."""
    text = refusal("autoscaling.minReplicas=9", "ports.admin=8123", "image.digest=x")

    assert text.count("\n- ") == 3


APIS = {
    "serviceMonitor": ("monitoring.coreos.com/v1/ServiceMonitor", []),
    "prometheusRule": ("monitoring.coreos.com/v1/PrometheusRule", []),
    "keda": ("keda.sh/v1alpha1/ScaledObject", []),
    "vpa": ("autoscaling.k8s.io/v1/VerticalPodAutoscaler", []),
    "httpRoute": ("gateway.networking.k8s.io/v1/HTTPRoute", ["httpRoute.parentRefs[0].name=gw"]),
    "externalSecret": (
        "external-secrets.io/v1/ExternalSecret",
        [
            "externalSecret.secretStoreRef.name=s",
            "externalSecret.data[0].secretKey=K",
            "externalSecret.data[0].remoteRef.key=k",
        ],
    ),
}


@pytest.mark.parametrize("value", APIS)
def test_operator_missing(value):
    """A cluster without the operator is told so; without a cluster nobody can know."""
    api, sets = APIS[value]
    sets = [f"{value}.enabled=true", *sets]
    cluster = ("--api-versions", "v1/Pod")

    assert f"this cluster has no {api}" in refusal(*sets, args=cluster)
    assert template(*sets, args=(*cluster, "--api-versions", api)).returncode == 0
    assert template(*sets).returncode == 0
