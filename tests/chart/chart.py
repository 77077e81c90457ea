"""Render the chart, and look at what comes out."""

import functools
import os
import shutil
import subprocess
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from tests.support import ROOT

CHART = ROOT / "helm"
CASES = Path(__file__).parent / "cases"
SCENARIOS = sorted((CHART / "ci").glob("*.yaml"))
KUBERNETES = "1.37.0"
Object = dict[str, Any]


class Loader(yaml.SafeLoader):
    """YAML that refuses what a plain loader swallows: a key that is there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key is there twice: {sorted(keys)}"
        return super().construct_mapping(node, deep)


@functools.cache
def helm() -> str:
    """The helm to test with; `make test-chart` sees to it that there is one."""
    found = os.environ.get("HELM") or shutil.which("helm")
    assert found, "there is no helm: run `make test-chart`, which provides it"
    return found


def run(*arguments: str, program: str = "") -> subprocess.CompletedProcess[str]:
    """What helm answers; no cluster is in its reach."""
    environment = {**os.environ, "KUBECONFIG": "/dev/null"}
    command = [program or helm(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def template(
    *sets: str, chart: Path = CHART, release: str = "r", args: tuple[str, ...] = ()
) -> Any:
    """Run `helm template`; of `sets`, `a=b` is for --set and a path is a values file."""
    options = [part for item in sets for part in (("-f" if _is_file(item) else "--set"), item)]
    version = () if "--kube-version" in args else ("--kube-version", KUBERNETES)
    return run("template", release, str(chart), *version, *options, *args)


def _is_file(item: str) -> bool:
    return item.endswith(".yaml") and "=" not in item


@functools.cache
def rendered(*sets: str, **options: Any) -> str:
    """The manifests, as text."""
    result = template(*sets, **options)
    assert result.returncode == 0, result.stderr
    return str(result.stdout)


def objects(*sets: str, **options: Any) -> list[Object]:
    """The manifests, each as an object."""
    # the plain loader of libyaml has no hook for keys that are there twice
    return [o for o in yaml.load_all(rendered(*sets, **options), Loader) if o]


def one(kind: str, *sets: str, **options: Any) -> Object:
    """The one object of its kind; of Services and Pods the service's own."""
    found = [
        o
        for o in objects(*sets, **options)
        if o["kind"] == kind and not o["metadata"]["name"].endswith("-admin")
    ]
    assert len(found) == 1, f"{len(found)} objects of kind {kind}"
    return found[0]


def kinds(*sets: str, **options: Any) -> list[str]:
    """The kinds that are rendered, sorted."""
    return sorted(o["kind"] for o in objects(*sets, **options))


def pod_specs(*sets: str, **options: Any) -> list[Object]:
    """The specs of all pods: the service's and the test's."""
    return [
        one("Deployment", *sets, **options)["spec"]["template"]["spec"],
        one("Pod", *sets, **options)["spec"],
    ]


def container(*sets: str, **options: Any) -> Object:
    """The service's container."""
    spec = one("Deployment", *sets, **options)["spec"]["template"]["spec"]
    first: Object = spec["containers"][0]
    return first


def refusal(*sets: str, **options: Any) -> str:
    """Why helm does not render these values."""
    result = template(*sets, **options)
    assert result.returncode != 0, "this renders"
    return str(result.stderr)


def notes(*sets: str) -> str:
    """What `helm install` says in the end."""
    options = [part for item in sets for part in ("--set", item)]
    result = run("install", "r", str(CHART), "--dry-run=client", *options)
    assert result.returncode == 0, result.stderr
    return result.stdout.partition("NOTES:\n")[2]
