"""What is in the pods: the service's, and the test's, which obeys the same rules."""

import pytest
from tests.chart.chart import CASES, CHART, container, one, pod_specs, rendered

DIGEST = "sha256:" + 64 * "a"
SCENARIOS = sorted((CHART / "ci").glob("*.yaml"))

IMAGES = [
    ([], "localhost/rookery:0.1.0"),
    (["image.tag=1.2.3"], "localhost/rookery:1.2.3"),
    ([f"image.digest={DIGEST}"], f"localhost/rookery@{DIGEST}"),
    ([f"image.digest={DIGEST}", "image.tag=1.2.3"], f"localhost/rookery:1.2.3@{DIGEST}"),
    (["image.repository=r.example:5000/a/b", "image.tag=1"], "r.example:5000/a/b:1"),
]


@pytest.mark.parametrize(("sets", "image"), IMAGES)
def test_image(sets, image):
    """By tag, by digest, or by both; the same in each pod."""
    assert [image, image] == [spec["containers"][0]["image"] for spec in pod_specs(*sets)]


PULL = [("strings", ["regcred", "mirror"]), ("objects", ["regcred", "mirror"])]
PULL += [("global", ["regcred", "mirror"])]


@pytest.mark.parametrize(("form", "names"), PULL)
def test_case_b11_pull_secrets(form, names):
    """Names, objects and global ones give each secret once, in each pod."""
    for spec in pod_specs(str(CASES / f"B11-pullsecrets-{form}.yaml")):
        assert [{"name": name} for name in names] == spec["imagePullSecrets"]


def test_case_b14_openshift():
    """No pod names a user or group, while none may be root."""
    text = rendered(str(CASES / "B14-openshift.yaml"))

    assert not {"runAsUser", "runAsGroup", "fsGroup"} & set(text.replace(":", " ").split())
    assert 2 == text.count("runAsNonRoot: true")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_pods_share_what_keeps_them_safe(scenario):
    """Whatever is set, the test's pod has the image, rights, account and place of the service's."""
    service, test = pod_specs(str(scenario))
    shared = ["securityContext", "serviceAccountName", "automountServiceAccountToken"]
    shared += ["imagePullSecrets", "nodeSelector", "tolerations", "affinity", "priorityClassName"]
    shared += ["enableServiceLinks"]
    container = ["image", "imagePullPolicy", "resources", "securityContext"]

    assert [service.get(key) for key in shared] == [test.get(key) for key in shared]
    assert [service["containers"][0].get(key) for key in container] == [
        test["containers"][0].get(key) for key in container
    ]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_case_b07_names_are_unique(scenario):
    """No list has one name twice, which Helm 4 would refuse."""
    spec = pod_specs(str(scenario))[0]
    lists = [spec["containers"], spec.get("volumes", [])]
    for one_container in spec["containers"]:
        lists += [one_container.get(key, []) for key in ("env", "ports")]

    for entries in lists:
        names = [entry["name"] for entry in entries]
        assert sorted(set(names)) == sorted(names)


def test_settings():
    """Ports and times of shutdown reach the service; a text and a reference are variables."""
    variables = container(str(CHART / "ci/04-configured.yaml"), "ports.admin=9999")["env"]
    found = {v["name"]: v.get("value") for v in variables}

    assert "9999" == found["ROOKERY_ADMIN_PORT"]
    assert "8123" == found["ROOKERY_PORT"]
    assert "hello" == found["GREETING"]
    assert found["POD_IP"] is None


@pytest.mark.parametrize(
    ("source", "annotation"),
    [("existingSecret", "checksum/secret"), ("existingConfigMap", "checksum/config")],
)
def test_checksum_rolls_the_pods(source, annotation):
    """Another checksum is another pod template."""
    templates = [
        one("Deployment", f"{source}.name=x", f"{source}.checksum={text}")["spec"]["template"]
        for text in ("a", "b")
    ]

    assert ["a", "b"] == [t["metadata"]["annotations"][annotation] for t in templates]


def test_secret_is_mounted_where_the_service_looks():
    """A Secret, whoever makes it, is a folder of settings."""
    external = str(CHART / "ci/24-external-secret.yaml")
    for sets, name in ((("existingSecret.name=s",), "s"), ((external,), "r-rookery")):
        spec = pod_specs(*sets)[0]

        assert [{"name": "settings", "secret": {"secretName": name}}] == spec["volumes"]
        assert spec["containers"][0]["volumeMounts"][0]["mountPath"] == "/run/secrets/rookery"
    assert "r-rookery" == one("ExternalSecret", external)["spec"]["target"]["name"]


def test_case_b24_own_spread_replaces_ours():
    """A list of one's own is the whole list, with the chart's selector."""
    [constraint] = pod_specs(str(CHART / "ci/06-spot.yaml"))[0]["topologySpreadConstraints"]

    assert "DoNotSchedule" == constraint["whenUnsatisfiable"]
    assert one("Deployment")["spec"]["selector"] == constraint["labelSelector"]
    assert ["pod-template-hash"] == constraint["matchLabelKeys"]


@pytest.mark.parametrize("kind", ["startup", "readiness", "liveness"])
def test_probe_off(kind):
    """Each probe can be switched off without the others."""
    found = {key for key in container(f"{kind}Probe.enabled=false") if key.endswith("Probe")}

    assert {"startupProbe", "readinessProbe", "livenessProbe"} - {f"{kind}Probe"} == found
