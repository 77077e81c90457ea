"""What `helm install` gives when nothing is set."""

from tests.chart.chart import container, kinds, one, pod_specs, rendered


def test_objects():
    """Seven objects and a test, and nothing that needs an operator."""
    expected = ["Deployment", "HorizontalPodAutoscaler", "NetworkPolicy", "Pod"]
    expected += ["PodDisruptionBudget", "Service", "ServiceAccount"]

    assert expected == kinds()


def test_two_to_six_pods_by_cpu():
    """The autoscaler looks at the service's own container, and its rules are written out."""
    spec = one("HorizontalPodAutoscaler")["spec"]
    [metric] = spec["metrics"]

    assert (2, 6) == (spec["minReplicas"], spec["maxReplicas"])
    assert metric["type"] == "ContainerResource"
    assert ("cpu", "rookery") == tuple(
        metric["containerResource"][k] for k in ("name", "container")
    )
    assert {"scaleUp", "scaleDown"} == set(spec["behavior"])
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] == 300


def test_rollout_never_has_fewer_pods():
    """A pod is taken away only after another is ready, and only one is paid for beyond the rest."""
    spec = one("Deployment")["spec"]

    assert "replicas" not in spec
    assert {"maxSurge": 1, "maxUnavailable": 0} == spec["strategy"]["rollingUpdate"]


def test_probes_ask_the_admin_port():
    """Each probe has its own question, on the port that answers while the service is busy."""
    asked = {
        name: (probe["httpGet"]["path"], probe["httpGet"]["port"])
        for name, probe in container().items()
        if name.endswith("Probe")
    }

    assert {
        "livenessProbe": ("/livez", "admin"),
        "readinessProbe": ("/readyz", "admin"),
        "startupProbe": ("/readyz", "admin"),
    } == asked


def test_memory_limit_is_the_request_and_cpu_has_none():
    """Memory that was promised is there; CPU that nobody uses may be used."""
    resources = container()["resources"]

    assert {"memory": resources["requests"]["memory"]} == resources["limits"]
    assert "cpu" in resources["requests"]


def test_every_pod_is_restricted():
    """Each pod meets the restricted Pod Security Standard, with no token and no user of our own."""
    for spec in pod_specs():
        rights = spec["containers"][0]["securityContext"]

        assert {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}} == spec[
            "securityContext"
        ]
        assert rights["capabilities"] == {"drop": ["ALL"]}
        assert rights["readOnlyRootFilesystem"]
        assert not rights["allowPrivilegeEscalation"]
        assert not spec["automountServiceAccountToken"]
        assert not spec["enableServiceLinks"]


def test_public_port_is_all_that_the_service_has():
    """The Service leads to the service's port and to no other."""
    [port] = one("Service")["spec"]["ports"]

    assert ("http", 80, "http") == (port["name"], port["port"], port["targetPort"])


def test_spread_is_soft():
    """Pods spread over nodes and zones where they can, and run where they cannot."""
    constraints = pod_specs()[0]["topologySpreadConstraints"]

    assert ["kubernetes.io/hostname", "topology.kubernetes.io/zone"] == [
        c["topologyKey"] for c in constraints
    ]
    for constraint in constraints:
        assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
        assert constraint["matchLabelKeys"] == ["pod-template-hash"]
        assert constraint["labelSelector"] == one("Deployment")["spec"]["selector"]


def test_nothing_empty_is_written():
    """No null and no empty map stands in the output, where the API server would drop it."""
    lines = rendered().splitlines()

    assert [] == [line for line in lines if line.endswith((": null", ": {}", ": []"))]


def test_rendering_twice_gives_the_same_bytes():
    """Nothing depends on the moment: Argo CD and Flux see no difference."""
    rendered.cache_clear()
    first = rendered()
    rendered.cache_clear()

    assert first == rendered()
