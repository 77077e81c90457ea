"""Who can reach what: no way in leads to metrics or probes."""

import pytest
from tests.chart.chart import CASES, CHART, kinds, objects, one

GATEWAY = "httpRoute.enabled=true", "httpRoute.parentRefs[0].name=gw"
PORTS = [(), ("service.port=9000",), ("ports.http=8000", "ports.admin=9000"), ("nameOverride=x",)]


@pytest.mark.parametrize("sets", PORTS)
def test_case_b22_ways_in_end_at_the_public_port(sets):
    """Host, path, Service and port lead to the service's container port, never to the admin one."""
    sets = (*sets, "ingress.enabled=true", "httpRoute.besideIngress=true", *GATEWAY)
    service = one("Service", *sets)
    [port] = service["spec"]["ports"]
    [rule] = one("Ingress", *sets)["spec"]["rules"]
    [route] = one("HTTPRoute", *sets)["spec"]["rules"]
    ports = one("Deployment", *sets)["spec"]["template"]["spec"]["containers"][0]["ports"]
    target = {p["name"]: p["containerPort"] for p in ports}

    assert {"name": service["metadata"]["name"], "port": {"name": port["name"]}} == rule["http"][
        "paths"
    ][0]["backend"]["service"]
    assert [{"name": service["metadata"]["name"], "port": port["port"]}] == route["backendRefs"]
    assert target[port["targetPort"]] != target["admin"]


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort", "LoadBalancer"])
def test_admin_port_has_no_address(kind):
    """Whatever opens the Service, what leads to the admin port is headless."""
    sets = f"service.type={kind}", "serviceMonitor.enabled=true"
    admin = next(o for o in objects(*sets) if o["metadata"]["name"] == "r-rookery-admin")

    assert "None" == admin["spec"]["clusterIP"]
    assert ["http"] == [p["name"] for p in one("Service", *sets)["spec"]["ports"]]


def test_hosts_and_paths():
    """Path types are explicit, and a wildcard is a text."""
    rules = one("Ingress", str(CHART / "ci/07-published.yaml"))["spec"]["rules"]

    assert ["api.example.com", "*.example.org"] == [rule["host"] for rule in rules]
    assert ["Prefix", "Exact"] == [rule["http"]["paths"][0]["pathType"] for rule in rules]


def test_case_b21_annotations():
    """Commas, numbers, booleans, many lines and braces come out as texts equal to the input."""
    values = str(CASES / "B21-annotations.yaml")
    nginx = "nginx.ingress.kubernetes.io/"
    found = one("Ingress", values)["metadata"]["annotations"]
    pod = one("Deployment", values)["spec"]["template"]["metadata"]["annotations"]
    snippet = 'more_set_headers "X-Frame-Options: DENY";\n'
    snippet += 'if ($http_x = "{{ not a template }}") { return 403; }\n'

    assert {
        nginx + "whitelist-source-range": "192.0.2.0/24,198.51.100.7/32",
        nginx + "configuration-snippet": snippet,
        nginx + "proxy-read-timeout": "120",
        nginx + "ssl-redirect": "true",
    } == found
    assert {"prometheus.io/scrape": "false", "checksum/note": '@ % * & ! | > ` "'} == pod


def test_case_b21_commas_by_set():
    """A list with an escaped comma goes through --set whole."""
    key = r"ingress.annotations.nginx\.ingress\.kubernetes\.io/whitelist-source-range"
    sets = "ingress.enabled=true", key + r"=192.0.2.0/24\,198.51.100.7/32"

    assert ["192.0.2.0/24,198.51.100.7/32"] == list(
        one("Ingress", *sets)["metadata"]["annotations"].values()
    )


def test_network_policy():
    """Everybody may call the service, Prometheus the admin port, and the pods whom they like."""
    spec = one("NetworkPolicy")["spec"]
    public, admin = spec["ingress"]

    assert ["Ingress"] == spec["policyTypes"]
    assert ("http", "from" in public) == (public["ports"][0]["port"], False)
    assert "admin" == admin["ports"][0]["port"]
    assert "monitoring" in str(admin["from"])


def test_network_policy_locked_in():
    """Named callers and the release's own test may call; out go DNS and what is listed."""
    values = str(CHART / "ci/08-locked-in.yaml")
    spec = one("NetworkPolicy", values)["spec"]
    test = one("Pod", values)["metadata"]["labels"]

    assert [test, {"role": "caller"}] == [
        peer["podSelector"]["matchLabels"] for peer in spec["ingress"][0]["from"]
    ]
    assert [[53, 53], [5432]] == [[p["port"] for p in rule["ports"]] for rule in spec["egress"]]
    assert "NetworkPolicy" not in kinds("networkPolicy.enabled=false")


@pytest.mark.parametrize("sets", PORTS)
def test_case_e01_service_monitor_finds_its_target(sets):
    """From another namespace it selects exactly one Service, and a port that this one has."""
    sets = (*sets, "serviceMonitor.enabled=true", "serviceMonitor.namespace=monitoring")
    monitor = one("ServiceMonitor", *sets, "serviceMonitor.labels.release=kps")
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    services = [o for o in objects(*sets) if o["kind"] == "Service"]
    [service] = [o for o in services if wanted <= o["metadata"]["labels"].items()]
    [endpoint] = monitor["spec"]["endpoints"]

    assert "monitoring" == monitor["metadata"]["namespace"]
    assert "kps" == monitor["metadata"]["labels"]["release"]
    assert ["default"] == monitor["spec"]["namespaceSelector"]["matchNames"]
    assert [endpoint["port"]] == [p["name"] for p in service["spec"]["ports"]]
