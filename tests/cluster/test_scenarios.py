"""Every scenario of helm/ci is installed, tested, and stored as it was rendered."""

import os
import time

import pytest
import yaml
from tests.cluster.cluster import HELM, SCENARIOS, namespace, run, until
from tests.support import ROOT


@pytest.fixture(scope="module")
def release():
    """A namespace for all scenarios, on a cluster that knows the kinds of the operators."""
    definitions = run(str(ROOT / "ci/crds")).stdout
    present = run("kubectl", "get", "crd", "-o", "name").stdout
    found = [d for d in yaml.safe_load_all(definitions) if d]
    ours = [d for d in found if d["metadata"]["name"] not in present]
    text = yaml.safe_dump_all(ours)
    if ours:
        run("kubectl", "apply", "--server-side", "-f", "-", stdin=text)
    with namespace("rookery-test-scenarios") as found:
        yield found
    if ours:
        run("kubectl", "delete", "-f", "-", stdin=text)


def missing(rendered, stored, path=""):
    """Where what was stored lacks something of what was rendered, or has it in another order."""
    if isinstance(rendered, dict):
        return [
            place
            for key, value in rendered.items()
            for place in missing(value, (stored or {}).get(key), f"{path}.{key}")
        ]
    if isinstance(rendered, list):
        if len(rendered) != len(stored or []):
            return [path]
        pairs = enumerate(zip(rendered, stored, strict=True))
        return [place for n, (a, b) in pairs for place in missing(a, b, f"{path}[{n}]")]
    return [] if rendered == stored else [f"{path}: {rendered!r} became {stored!r}"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(release, scenario, tmp_path):
    """It installs, its test passes, nothing differs from what was rendered, and it goes again."""
    values = tmp_path / "values.yaml"
    image = os.environ["ROOKERY_IMAGE"]
    values.write_text(scenario.read_text().replace("localhost/rookery:0.1.0", image))
    if "externalSecret:" in values.read_text():  # what the operator would make
        release.kubectl("create", "secret", "generic", "rookery")
    try:
        release.helm("install", "--dry-run=server", "-f", str(values))
        start = time.monotonic()
        release.install("-f", str(values))
        print(f"\n{scenario.stem}: ready after {time.monotonic() - start:.1f} s")
        release.helm("test", "--timeout", "60s")
        manifest = manifest_of(release)
        for flags in ([], ["--server-side", "--force-conflicts", "--field-manager=argocd"]):
            assert "" == release.kubectl("diff", *flags, "-f", "-", stdin=manifest)
        for rendered in yaml.safe_load_all(manifest):
            if rendered and rendered["kind"] != "Secret":
                kind = f"{rendered['kind']}.{rendered['apiVersion'].split('/')[0]}"
                kind = rendered["kind"] if rendered["apiVersion"] == "v1" else kind
                stored = release.get(kind, rendered["metadata"]["name"])
                assert [] == missing(rendered, stored)
    finally:
        release.helm("uninstall", "--ignore-not-found", "--wait", "--timeout", "60s")
        release.kubectl("delete", "secret", "rookery", "--ignore-not-found")


def manifest_of(release):
    """What helm has sent, without hooks."""
    return run(HELM, "get", "manifest", release.name, "-n", release.namespace).stdout


def test_stopped_pods_are_gone(release):
    """Pods end by themselves within their grace."""
    until(lambda: not release.pods(), 60, "no pod left")
