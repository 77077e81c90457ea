"""Names and selectors that stay what they are, alone and in a parent chart."""

import re
import shutil
import subprocess

import pytest
import yaml
from tests.chart.chart import CASES, CHART, kinds, objects, one, rendered, run, template

from rookery import __version__

MANY = "commonLabels.team=x", "podLabels.a=b", "image.tag=9", "service.port=9000"


def selectors(found):
    """The selector of pods of each object that has one."""
    specs = {o["kind"]: o["spec"] for o in found if "spec" in o}
    return [
        specs["Service"]["selector"],
        specs["Deployment"]["selector"]["matchLabels"],
        specs["PodDisruptionBudget"]["selector"]["matchLabels"],
        specs["NetworkPolicy"]["podSelector"]["matchLabels"],
    ]


def copy_of_chart(tmp_path, version, app_version):
    """The chart under another version."""
    chart = tmp_path / "rookery"
    shutil.copytree(CHART, chart, dirs_exist_ok=True)
    text = (CHART / "Chart.yaml").read_text()
    text = re.sub("(?m)^version: .*", f"version: {version}", text)
    (chart / "Chart.yaml").write_text(
        re.sub("(?m)^appVersion: .*", f"appVersion: {app_version}", text)
    )
    return chart


def test_case_b18_selectors_are_stable(tmp_path):
    """Name and instance select, under any version, label and image."""
    later = copy_of_chart(tmp_path, "9.9.9", '"2"')
    wanted = {"app.kubernetes.io/name": "rookery", "app.kubernetes.io/instance": "r"}

    for found in (objects(), objects(*MANY), objects(*MANY, chart=later)):
        assert 4 * [wanted] == selectors(found)


def test_new_chart_version_alone_rolls_no_pods(tmp_path):
    """The chart's version is no part of the pod template."""
    later = copy_of_chart(tmp_path, "9.9.9", '"0.1.0"')

    assert one("Deployment")["spec"] == one("Deployment", chart=later)["spec"]


def test_common_labels_are_everywhere():
    """A common label is on every object, and on the pods."""
    found = objects("commonLabels.team=x")
    pod = one("Deployment", "commonLabels.team=x")["spec"]["template"]

    assert {"x"} == {o["metadata"]["labels"].get("team") for o in [*found, pod]}


def test_test_pod_is_no_pod_of_the_service():
    """The Service, the budget and the autoscaler do not count the test's pod."""
    selector = one("Service")["spec"]["selector"]
    labels = one("Pod", "podLabels.a=b")["metadata"]["labels"]

    assert not selector.items() <= labels.items()


NAMES = [
    ("r", (), "r-rookery"),
    ("rookery", (), "rookery"),
    ("my-rookery", (), "my-rookery"),
    ("r", ("nameOverride=api",), "r-api"),
    ("r", ("fullnameOverride=api",), "api"),
]


@pytest.mark.parametrize(("release", "sets", "name"), NAMES)
def test_names(release, sets, name):
    """Every object is called after the release."""
    found = {o["metadata"]["name"] for o in objects(*sets, release=release)}

    assert {name, f"{name}-test"} == found


def test_versions_agree():
    """The chart deploys the version that the package has."""
    assert __version__ == yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]


def parent(tmp_path, alias="", values=None):
    """A parent chart of ours, as in case B03."""
    chart = tmp_path / "shop"
    shutil.copytree(CASES / "B03-null", chart)
    definition = (chart / "Chart.yaml").read_text().replace("@CHART@", str(CHART))
    if alias:
        definition = definition.replace("rookery.enabled", f"{alias}.enabled")
        definition = definition.rstrip() + f"\n    alias: {alias}\n"
    (chart / "Chart.yaml").write_text(definition)
    if values is not None:
        (chart / "values.yaml").write_text(values)
    result = run("dependency", "update", str(chart))
    assert result.returncode == 0, result.stderr
    return chart


def test_case_b03_null_in_a_parent(tmp_path):
    """A parent's nulls do no harm: nothing null comes out, and there is one bound of the budget."""
    text = rendered(chart=parent(tmp_path))

    assert [] == re.findall(r"(?m)null|: \{\}$|runAsUser|minAvailable", text)
    assert 1 == text.count("maxUnavailable: 1")


def test_case_b03_parent_without_null(tmp_path):
    """What a parent's null cannot do, the switches do."""
    values = "rookery: {resources: {limits: {memory: ''}}, livenessProbe: {enabled: false}}"

    assert [] == re.findall("limits|livenessProbe", rendered(chart=parent(tmp_path, values=values)))


def test_alias_and_condition(tmp_path):
    """Under another name, and switched off by its parent."""
    chart = parent(tmp_path, alias="api", values="api: {enabled: true, service: {port: 81}}")

    assert "r-api" == one("Service", chart=chart)["metadata"]["name"]
    assert [] == kinds("api.enabled=false", chart=chart)


@pytest.mark.parametrize("program", ["helm3"])
def test_helm_3_gives_the_same(program):
    """Helm 3 and Helm 4 render the same objects."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not on the PATH")
    for scenario in sorted((CHART / "ci").glob("*.yaml")):
        arguments = "template", "r", str(CHART), "--kube-version", "1.37.0", "-f", str(scenario)
        result = run(*arguments, program=program)

        assert "" == result.stderr
        assert objects(str(scenario)) == [o for o in yaml.safe_load_all(result.stdout) if o]


def test_package_has_what_it_needs(tmp_path):
    """The packaged chart renders as the folder does, and leaves the scenarios at home."""
    assert run("package", str(CHART), "-d", str(tmp_path)).returncode == 0
    [package] = tmp_path.glob("*.tgz")
    names = subprocess.run(
        ["tar", "tzf", package], capture_output=True, text=True, check=True
    ).stdout

    assert "/ci/" not in names
    assert rendered() == template(chart=package).stdout
