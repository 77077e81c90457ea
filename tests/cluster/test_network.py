"""NetworkPolicies hold: who may not talk cannot, and who may can."""

from tests.cluster.cluster import namespace, until

REFUSED = "no answer"


def test_default_policy():
    """Everybody reaches the service; the admin port only those whom `metricsFrom` names."""
    with (
        namespace("rookery-test-network") as release,
        namespace("rookery-test-monitoring", bounded=False) as monitoring,
    ):
        selector = "namespaceSelector.matchLabels.kubernetes\\.io/metadata\\.name"
        release.install(f"--set=networkPolicy.metricsFrom[0].{selector}={monitoring.namespace}")
        admin = f"http://{release.pods()[0]['status']['podIP']}:9123/metrics"

        assert "200" == release.fetch(release.url())
        assert "200" == monitoring.fetch(release.url())
        until(lambda: monitoring.fetch(admin) == "200", 60, "let in to the admin port")
        until(lambda: release.fetch(admin).startswith(REFUSED), 60, "kept from the admin port")
        assert 2 == release.ready()


def test_locked_in():
    """Only named callers reach the service; from it, names resolve and all else is closed.

    A network plugin takes some seconds to put a policy in force.
    """
    with (
        namespace("rookery-test-locked") as release,
        namespace("rookery-test-outside", bounded=False) as outside,
    ):
        outside.install("--set=networkPolicy.enabled=false")
        release.install(
            "--set=networkPolicy.from[0].podSelector.matchLabels.role=caller",
            "--set=networkPolicy.restrictEgress=true",
        )
        until(lambda: release.fetch(release.url()).startswith(REFUSED), 60, "kept out")

        caller = {"role": "caller"}
        until(lambda: release.fetch(release.url(), caller) == "200", 60, "let in by its label")
        assert "Succeeded" in release.helm("test", "--timeout", "60s").stdout
        script = (
            "import socket, urllib.request\n"
            f"print(socket.gethostbyname('{outside.name}.{outside.namespace}'))\n"
            f"urllib.request.urlopen('{outside.url()}', timeout=4)"
        )
        pod = release.pods()[0]["metadata"]["name"]
        printed = release.kubectl("exec", pod, "--", "python3", "-c", script, check=False)

        assert outside.get("service")["spec"]["clusterIP"] == printed.strip()
