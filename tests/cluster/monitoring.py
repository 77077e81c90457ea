"""A real Prometheus on the cluster: the operator, kube-state-metrics, and what the kubelets tell.

The images are those of the projects, unless `PROMETHEUS_IMAGE` and the like name others.
"""

import contextlib
import json
import os
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from tests.cluster.cluster import Object, Release, namespace, run, until
from tests.support import ROOT

OPERATOR = "v0.85.0"
IMAGES = {
    "PROMETHEUS_IMAGE": "quay.io/prometheus/prometheus:v3.16.0",
    "PROMETHEUS_OPERATOR_IMAGE": f"quay.io/prometheus-operator/prometheus-operator:{OPERATOR}",
    "PROMETHEUS_CONFIG_RELOADER_IMAGE": (
        f"quay.io/prometheus-operator/prometheus-config-reloader:{OPERATOR}"
    ),
    "KUBE_STATE_METRICS_IMAGE": "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.17.0",
}
# Through the API server, so that no node's certificate has to be known. Where a kubelet does not
# know its containers in cAdvisor (cgroup v1 without systemd), it knows them in its resource metrics.
KUBELET = """
- job_name: kubelet-{name}
  scheme: https
  honor_timestamps: false
  kubernetes_sd_configs: [{{role: node}}]
  authorization: {{credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token}}
  tls_config: {{ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt}}
  relabel_configs:
    - {{target_label: __address__, replacement: "kubernetes.default.svc:443"}}
    - {{source_labels: [__meta_kubernetes_node_name], target_label: __metrics_path__,
       replacement: "/api/v1/nodes/$1/proxy/metrics/{name}"}}
"""
STATE = """
- job_name: kube-state-metrics
  honor_labels: true
  static_configs: [{targets: ["kube-state-metrics:8080"]}]
"""
SCRAPES = KUBELET.format(name="cadvisor") + KUBELET.format(name="resource") + STATE


def image(name: str) -> str:
    """An image of the monitoring."""
    return os.environ.get(name) or IMAGES[name]


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus, asked through the API server."""

    namespace: str

    def ask(self, path: str, **parameters: Any) -> Any:
        """What its API answers."""
        pod = f"/api/v1/namespaces/{self.namespace}/pods/prometheus-test-0:9090/proxy"
        address = f"{pod}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        return json.loads(run("kubectl", "get", "--raw", address).stdout)["data"]

    def query(self, expression: str) -> list[Object]:
        """The samples of an instant query."""
        found: list[Object] = self.ask("query", query=expression)["result"]
        return found

    def value(self, expression: str) -> float | None:
        """The one value of an instant query, or None."""
        found = self.query(expression)
        return float(found[0]["value"][1]) if found else None

    def targets(self) -> list[Object]:
        """The targets that are scraped."""
        found: list[Object] = self.ask("targets", state="active")["activeTargets"]
        return found

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {
            alert["labels"]["alertname"]
            for alert in self.ask("alerts")["alerts"]
            if alert["state"] == "firing"
        }


@contextlib.contextmanager
def prometheus() -> Iterator[Prometheus]:
    """A Prometheus that takes the monitors and rules labelled `release: NAMESPACE`."""
    made = _definitions()
    with namespace("rookery-test-monitoring", bounded=False) as release:
        release.kubectl("label", "namespace", release.namespace, "--overwrite",
                        "pod-security.kubernetes.io/enforce=baseline")  # fmt: skip
        objects = list(_objects(release.namespace))
        rights = [o for o in objects if o["kind"].startswith("ClusterRole")]
        try:
            run("kubectl", "apply", "-f", "-", stdin=yaml.safe_dump_all(objects))
            until(lambda: _ready(release), 180, "Prometheus ready")
            yield Prometheus(release.namespace)
        finally:
            gone = yaml.safe_dump_all([o for o in objects if o["kind"] == "Prometheus"])
            run("kubectl", "delete", "-f", "-", "--wait=false", stdin=gone, check=False)
            run("kubectl", "delete", "-f", "-", stdin=yaml.safe_dump_all(rights), check=False)
            if made:
                run("kubectl", "delete", "crd", *made, "--wait=false", check=False)


def _definitions() -> list[str]:
    """Make the operator's kinds that are missing; gives their names."""
    texts = run(str(ROOT / "ci/crds")).stdout
    present = run("kubectl", "get", "crd", "-o", "name").stdout
    ours = [d for d in yaml.safe_load_all(texts) if d and d["metadata"]["name"] not in present]
    if ours:
        text = yaml.safe_dump_all(ours)
        run("kubectl", "apply", "--server-side", "-f", "-", stdin=text)
        names = [f"crd/{d['metadata']['name']}" for d in ours]
        run("kubectl", "wait", "--for=condition=Established", "--timeout=30s", *names)
    return [d["metadata"]["name"] for d in ours]


def _ready(release: Release) -> bool:
    found = release.kubectl("get", "pods", "-o", "json")
    pods = json.loads(found)["items"]
    conditions = [c for pod in pods for c in pod["status"].get("conditions", [])]
    ready = [c["status"] for c in conditions if c["type"] == "Ready"]
    return ["True"] * 3 == ready


def _objects(where: str) -> Iterator[Object]:
    """Everything that is made in a namespace, and the rights that it needs outside."""
    everything = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
    meta = {"name": where}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": where}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": where}
    api = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": meta}
    yield {**api, "kind": "ClusterRole", "rules": everything}
    yield {**api, "kind": "ClusterRoleBinding", "roleRef": role, "subjects": [subject]}
    yield _deployment(
        where,
        "operator",
        image("PROMETHEUS_OPERATOR_IMAGE"),
        [
            f"--prometheus-config-reloader={image('PROMETHEUS_CONFIG_RELOADER_IMAGE')}",
            f"--prometheus-instance-namespaces={where}",
        ],
    )
    yield _deployment(
        where,
        "kube-state-metrics",
        image("KUBE_STATE_METRICS_IMAGE"),
        ["--resources=deployments,pods,horizontalpodautoscalers"],
    )
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-state-metrics", "namespace": where},
        "spec": {"selector": {"app": "kube-state-metrics"}, "ports": [{"port": 8080}]},
    }
    yield {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "scrapes", "namespace": where},
        "stringData": {"scrapes.yaml": SCRAPES},
    }
    ours = {"matchLabels": {"release": where}}
    yield {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "Prometheus",
        "metadata": {"name": "test", "namespace": where},
        "spec": {
            "replicas": 1,
            "image": image("PROMETHEUS_IMAGE"),
            "version": "v3.5.0",
            "serviceAccountName": "default",
            "serviceMonitorSelector": ours,
            "serviceMonitorNamespaceSelector": {},
            "ruleSelector": ours,
            "ruleNamespaceSelector": {},
            "scrapeInterval": "15s",
            "evaluationInterval": "15s",
            "enableFeatures": ["exemplar-storage"],
            "additionalScrapeConfigs": {"name": "scrapes", "key": "scrapes.yaml"},
            "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "fsGroup": 65534},
            "resources": {"requests": {"cpu": "50m", "memory": "200Mi"}},
        },
    }


def _deployment(where: str, name: str, image: str, args: list[str]) -> Object:
    container = {"name": name, "image": image, "args": args}
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": where},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
