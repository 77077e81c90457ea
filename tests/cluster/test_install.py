"""Install with defaults where the restricted profile, a quota and limits are enforced."""

import json
import socket
import subprocess
import time
import urllib.request

import pytest
from tests.cluster.cluster import namespace, until


@pytest.fixture(scope="module")
def installed():
    """A release with nothing set, the time it took, and what helm said."""
    with namespace("rookery-test-install") as release:
        start = time.monotonic()
        result = release.install()
        print(f"\n{time.monotonic() - start:.1f} s from helm install to {release.ready()} ready")
        print(result.stdout.partition("NOTES:\n")[2])
        yield release


def forwarded(release, port, path):
    """What a pod answers on a port of its own, asked from inside."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        local = sock.getsockname()[1]
    pod = release.pods()[0]["metadata"]["name"]
    command = ["kubectl", "-n", release.namespace, "port-forward", f"pod/{pod}", f"{local}:{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            process.stdout.readline()
            with urllib.request.urlopen(f"http://127.0.0.1:{local}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        finally:
            process.terminate()


def test_ready_and_restricted(installed):
    """Two pods run under admission's eyes, on different nodes where there are several."""
    nodes = json.loads(installed.kubectl("get", "nodes", "-o", "json"))["items"]
    free = [n for n in nodes if not n["spec"].get("unschedulable")]

    assert 2 == installed.ready() == len(installed.pods())
    assert min(2, len(free)) == len({pod["spec"]["nodeName"] for pod in installed.pods()})


def test_helm_test_passes(installed):
    """The chart's own test passes under the same rules."""
    assert "Succeeded" in installed.helm("test", "--logs", "--timeout", "60s").stdout


def test_service_answers(installed):
    """The Service gives the service, and neither metrics nor probes."""
    expected = {"/test": "200", "/metrics": "404", "/livez": "404", "/readyz": "404"}

    assert expected == {path: installed.fetch(installed.url(path)) for path in expected}


@pytest.mark.parametrize("path", ["/metrics", "/livez", "/readyz"])
def test_admin_port_answers(installed, path):
    """Metrics and probes are on the pod's admin port."""
    status, text = forwarded(installed, 9123, path)

    assert 200 == status
    assert path != "/metrics" or "http_requests_total" in text


def test_autoscaler_reads_the_metrics(installed):
    """The autoscaler knows the CPU use, and keeps to its minimum."""

    def active():
        conditions = installed.get("hpa")["status"].get("conditions", [])
        return {"ScalingActive": "True"}.items() <= {
            c["type"]: c["status"] for c in conditions
        }.items()

    until(active, 120, "an autoscaler that reads CPU use")
    assert 2 == installed.replicas()


def test_budget_allows_a_disruption(installed):
    """One of the two pods may go."""
    assert 1 == installed.get("pdb")["status"]["disruptionsAllowed"]


def test_restart_without_load_scales_nothing(installed):
    """Three rollouts at rest leave two pods: start-up is not taken for load (case C20)."""
    seen = set()
    for _ in range(3):
        installed.kubectl("rollout", "restart", "deployment/rookery")
        installed.kubectl("rollout", "status", "deployment/rookery", "--timeout=90s")
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            seen.add(installed.replicas())
            time.sleep(2)

    assert {2} == seen


def test_missing_operator_is_said(installed):
    """On a cluster without the Prometheus Operator an upgrade is refused in a sentence."""
    kinds = installed.kubectl("api-resources", "--api-group=monitoring.coreos.com", "-o", "name")
    if kinds:
        pytest.skip("this cluster has the Prometheus Operator")
    result = installed.helm("upgrade", "--set=serviceMonitor.enabled=true", check=False)

    assert "serviceMonitor.enabled is true and this cluster has no monitoring" in result.stderr
