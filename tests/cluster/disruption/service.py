"""The service under test: the chart's defaults, four pods, and the test build of its code."""

import json
from pathlib import Path

from tests.cluster.cluster import SELECTOR, Release, run, until
from tests.support import ROOT

PODS = 4
CODE = (ROOT / "src/app.py").read_text() + (Path(__file__).parent / "slow.py").read_text()
CODE_MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "code"},
    "data": {"app.py": CODE},
}
# what the autoscaler wants is what it is told: no load of these tests makes it want more
STEADY = 1000
VALUES = {
    "volumes": [{"name": "code", "configMap": {"name": "code"}}],
    "volumeMounts": [{"name": "code", "mountPath": "/code/src/app.py", "subPath": "app.py"}],
    "autoscaling": {
        "minReplicas": PODS,
        "targetCPUUtilizationPercentage": STEADY,
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
    },
}


class Service:
    """A release that can be disrupted."""

    def __init__(self, release: Release, folder: Path) -> None:
        self.release = release
        self._values = folder / "values.yaml"
        self._values.write_text(json.dumps(VALUES))

    def install(self) -> None:
        """Install, and wait until all pods serve."""
        self.release.kubectl("apply", "-f", "-", stdin=json.dumps(CODE_MAP))
        self.release.install("-f", str(self._values))
        self.settle()

    def upgrade(self, *options: str, check: bool = True) -> int:
        """Upgrade, and wait until the rollout has ended; helm's exit code."""
        waiting = ("--wait", "--timeout=180s", *options)
        return self.release.helm(
            "upgrade", "-f", str(self._values), *waiting, check=check
        ).returncode

    def pods(self) -> list[str]:
        """Names of all pods, those on their way out among them."""
        output = self.release.kubectl("get", "pods", "-l", SELECTOR, "-o", "name")
        return [line.removeprefix("pod/") for line in output.split()]

    def address(self, pod: str) -> str:
        """A pod's own address."""
        found = self.release.get("pod", pod)
        ports = {p["name"]: p["containerPort"] for p in found["spec"]["containers"][0]["ports"]}
        return f"{found['status']['podIP']}:{ports['http']}"

    def settle(self, pods: int = 0) -> None:
        """Wait until so many pods (those that are wanted, unless told) are ready, and no other is there."""

        def is_settled() -> bool:
            wanted = pods or self.release.replicas()
            return self.release.replicas() == wanted == self.release.ready() == len(self.pods())

        until(is_settled, 150, f"{pods or 'as many pods as wanted'} and no more")

    def delete(self, pod: str) -> None:
        """Delete a pod, and do not wait for its end."""
        self.release.kubectl("delete", "pod", pod, "--wait=false")

    def evict(self, pod: str) -> None:
        """Evict a pod, as a drain does."""
        metadata = {"name": pod, "namespace": self.release.namespace}
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": metadata}
        path = f"/api/v1/namespaces/{self.release.namespace}/pods/{pod}/eviction"
        run("kubectl", "create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))

    def drain(self, node: str) -> None:
        """Drain a node of the service's pods, and let it take pods again."""
        try:
            run("kubectl", "drain", node, "--ignore-daemonsets", "--delete-emptydir-data",
                "--timeout=150s", f"--pod-selector={SELECTOR}")  # fmt: skip
        finally:
            run("kubectl", "uncordon", node)

    def node_without(self, node: str) -> str:
        """A node that has a pod of the service, and is not `node`; empty where there is none."""
        nodes = {pod["spec"]["nodeName"] for pod in self.release.pods()}
        return next(iter(sorted(nodes - {node})), "")
