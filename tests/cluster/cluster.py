"""A cluster as these tests see it: KUBECONFIG, kubectl, helm, and an image that its nodes can run."""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import ROOT

CHART = ROOT / "helm"
HELM = os.environ.get("HELM") or "helm"
NEEDED = ("KUBECONFIG", "ROOKERY_IMAGE")
SELECTOR = "app.kubernetes.io/name=rookery"  # of the service's pods
RESTRICTED = "pod-security.kubernetes.io/enforce"
Object = dict[str, Any]

CALLER = (Path(__file__).parent / "caller.py").read_text()
FETCH = """
import sys, urllib.request, urllib.error
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=4).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError as error:
    print("no answer:", error)
"""

# What a careful administrator puts into a namespace.
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "quota"},
    "spec": {
        "hard": {
            "pods": "12",
            "requests.cpu": "2",
            "requests.memory": "2Gi",
            "limits.cpu": "8",
            "limits.memory": "4Gi",
        }
    },
}
LIMITS = {
    "apiVersion": "v1",
    "kind": "LimitRange",
    "metadata": {"name": "limits"},
    "spec": {
        "limits": [
            {
                "type": "Container",
                "default": {"cpu": "500m", "memory": "64Mi"},
                "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
            }
        ]
    },
}


def missing() -> str:
    """Why these tests cannot run here, or nothing."""
    absent = [name for name in NEEDED if not os.environ.get(name)]
    absent += [name for name in ("kubectl", HELM) if not shutil.which(name)]
    return f"needs a cluster: there is no {', '.join(absent)}" if absent else ""


def run(*command: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program; what it says when it fails is the failure."""
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if check and result.returncode:
        raise AssertionError(f"{' '.join(command)}: {result.stderr}{result.stdout}")
    return result


def until(holds: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until something holds, and give what it gave."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = holds()
        if found:
            return found
        time.sleep(1)
    raise AssertionError(f"after {seconds:.0f} s: not {what}")


def image_values() -> list[str]:
    """The options that make the chart use ROOKERY_IMAGE, by tag or by digest."""
    reference = os.environ["ROOKERY_IMAGE"]
    name, _, digest = reference.partition("@")
    has_tag = ":" in name.rsplit("/", 1)[-1]
    repository, _, tag = name.rpartition(":") if has_tag else (name, "", "")
    values = {"repository": repository, "tag": tag, "digest": digest}
    return [
        part for key, value in values.items() for part in ("--set-string", f"image.{key}={value}")
    ]


def restricted_pod(
    name: str, script: list[str], resources: Object, labels: Object | None = None, folder: str = ""
) -> Object:
    """A pod that runs a Python script (and its arguments) and obeys the restricted profile.

    `folder`, where it is named, is an empty one that the script can write to.
    """
    container = {
        "name": name,
        "image": os.environ["ROOKERY_IMAGE"],
        "command": ["python3", "-c", *script],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "resources": resources,
    }
    spec: Object = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    if folder:
        container["volumeMounts"] = [{"name": "folder", "mountPath": folder}]
        spec["volumes"] = [{"name": "folder", "emptyDir": {}}]
    metadata = {"name": name, "labels": labels or {}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@dataclass(frozen=True)
class Release:
    """A namespace, and a release of the chart in it."""

    namespace: str
    name: str = "rookery"

    def kubectl(self, *arguments: str, stdin: str = "", check: bool = True) -> str:
        """What kubectl says, in this namespace."""
        return run("kubectl", "-n", self.namespace, *arguments, stdin=stdin, check=check).stdout

    def get(self, kind: str, name: str = "rookery") -> Object:
        """An object, as the server has it."""
        found: Object = json.loads(self.kubectl("get", kind, name, "-o", "json"))
        return found

    def pods(self) -> list[Object]:
        """The service's pods that are not on their way out."""
        items = json.loads(self.kubectl("get", "pods", "-l", SELECTOR, "-o", "json"))["items"]
        return [pod for pod in items if "deletionTimestamp" not in pod["metadata"]]

    def ready(self) -> int:
        """How many pods are ready."""
        return int(self.get("deployment")["status"].get("readyReplicas", 0))

    def replicas(self) -> int:
        """How many pods are wanted."""
        return int(self.get("deployment")["spec"]["replicas"])

    def helm(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """A helm command on this release, with the image to test."""
        command, *rest = arguments
        options = ["-n", self.namespace, *rest]
        if command in ("install", "upgrade", "template"):
            options = [str(CHART), *image_values(), *options]
        return run(HELM, command, self.name, *options, check=check)

    def install(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Install, and wait until every pod that is wanted is ready."""
        result = self.helm("install", "--wait", "--timeout", "120s", *options)
        wanted = self.least()
        until(lambda: self.ready() >= wanted, 60, f"{wanted} pods ready")
        return result

    def least(self) -> int:
        """How many pods there must be at least."""
        hpa = self.kubectl("get", "hpa", "-o", "jsonpath={.items[*].spec.minReplicas}")
        return int(hpa) if hpa else self.replicas()

    def url(self, path: str = "/test") -> str:
        """An address of the Service, for a pod."""
        return f"http://{self.name}.{self.namespace}{path}"

    def start(self, name: str, script: str, *arguments: str, labels: Object | None = None) -> None:
        """Run a Python script in a pod that obeys the restricted profile."""
        resources = {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"cpu": "1500m", "memory": "64Mi"},
        }
        pod = restricted_pod(name, [script, *arguments], resources, labels)
        self.kubectl("apply", "-f", "-", stdin=json.dumps(pod))

    def output(self, name: str, seconds: float = 60) -> str:
        """What a script in a pod has printed, once it has ended; the pod is gone then."""
        ended = ("Succeeded", "Failed")
        until(lambda: self.get("pod", name)["status"]["phase"] in ended, seconds, f"{name} ended")
        text = self.kubectl("logs", name)
        self.kubectl("delete", "pod", name, "--wait=false")
        return text

    def fetch(self, url: str, labels: Object | None = None) -> str:
        """The status that a pod with these labels gets from an address, or why it gets none."""
        name = f"fetch-{time.monotonic_ns()}"
        self.start(name, FETCH, url, labels=labels)
        return self.output(name).strip()

    @contextlib.contextmanager
    def calling(self, per_second: float, seconds: float, url: str = "") -> Iterator[Object]:
        """Call the service from a pod meanwhile; the counted outcomes are there afterwards."""
        name = f"caller-{time.monotonic_ns()}"
        outcomes: Object = {}
        self.start(name, CALLER, url or self.url(), str(per_second), str(seconds))
        until(lambda: self.get("pod", name)["status"]["phase"] == "Running", 30, "calling")
        yield outcomes
        outcomes.update(json.loads(self.output(name, seconds + 60)))


@contextlib.contextmanager
def namespace(name: str, *, bounded: bool = True) -> Iterator[Release]:
    """A new namespace that enforces the restricted profile; told to go in the end."""
    name = f"{name}-{secrets.token_hex(3)}"  # an earlier one may still be on its way out
    labels = {RESTRICTED: "restricted", f"{RESTRICTED}-version": "latest"}
    definition = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": labels},
    }
    run("kubectl", "apply", "-f", "-", stdin=json.dumps(definition))
    release = Release(name)
    try:
        if bounded:
            for bound in (QUOTA, LIMITS):
                release.kubectl("apply", "-f", "-", stdin=json.dumps(bound))
        yield release
    finally:
        run("kubectl", "delete", "namespace", name, "--wait=false", check=False)


SCENARIOS = sorted(Path(CHART / "ci").glob("*.yaml"))
