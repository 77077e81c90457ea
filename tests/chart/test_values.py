"""No value is swallowed: misspelt, mistyped, null or used by nobody."""

import json
import re
import subprocess
import sys

import pytest
import yaml
from tests.chart.chart import CASES, CHART, objects, one, refusal, rendered, template
from tests.support import ROOT

from rookery.settings import Settings

VALUES = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())


def paths(values, schema, prefix=""):
    """Every key of the values down to what is passed on as it is, with its schema."""
    for key, value in values.items():
        below = schema["properties"][key]
        yield f"{prefix}{key}", value, below
        if isinstance(value, dict) and "properties" in below:
            yield from paths(value, below, f"{prefix}{key}.")


KEYS = [path for path, _, _ in paths(VALUES, SCHEMA)]


def test_docs_are_fresh():
    """README's table and the schema are what values.yaml says."""
    command = [sys.executable, "ci/chart/docs.py", "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert "" == result.stderr


def test_every_value_is_used():
    """No value is declared that no template reads."""
    templates = "".join(p.read_text() for p in (CHART / "templates").rglob("*") if p.is_file())
    words = set(re.findall(r"\w+", templates))
    # put together: targetCPUUtilizationPercentage; kept to one document: the passed-on groups
    unused = [path for path in KEYS if not (set(path.split(".")[-1:]) & words or passed_on(path))]

    assert [] == unused


def passed_on(path):
    """Whether the value goes out with its whole group, by toYaml."""
    groups = "strategy", "startupProbe", "readinessProbe", "livenessProbe"
    groups += "externalSecret.secretStoreRef", "autoscaling.target"
    return path.startswith(groups)


def test_every_use_is_declared():
    """No template reads a value that values.yaml does not have."""
    templates = "".join(p.read_text() for p in (CHART / "templates").rglob("*") if p.is_file())
    used = set(re.findall(r"\.Values\.((?:\w+\.)*\w+)", templates)) - {"global"}

    assert set() == {path for path in used if path not in KEYS}


def test_no_template_looks_at_clock_or_cluster():
    """Output depends on the values alone: no time, no chance, no look-up."""
    templates = "".join(p.read_text() for p in (CHART / "templates").rglob("*") if p.is_file())

    actions = "".join(re.findall(r"\{\{.*?\}\}", templates, re.DOTALL))

    assert [] == re.findall(r"\b(?:now|lookup|rand\w+|genCA|uuidv4|getHostByName)\b", actions)


@pytest.mark.parametrize("path", KEYS)
def test_misspelt(path):
    """Each key with a letter too many is refused by its name."""
    *parents, key = path.split(".")

    assert f"'{key}x' not allowed" in refusal(".".join([*parents, f"{key}x"]) + "=1")


def mistyped(value):
    """The same value as another type."""
    return (
        "true" if isinstance(value, int | float | str) and not isinstance(value, bool) else "text"
    )


@pytest.mark.parametrize(("path", "value"), [(p, v) for p, v, _ in paths(VALUES, SCHEMA)])
def test_mistyped(path, value):
    """Each value of another type is refused by its path."""
    assert f"at '/{path.replace('.', '/')}'" in refusal(f"{path}={mistyped(value)}")


@pytest.mark.parametrize("path", KEYS)
def test_null(path):
    """A null either leaves its field out or is refused by name; it never comes out as text."""
    key = path.split(".")[-1]
    off = "autoscaling.enabled=false"  # without a CPU request nothing scales by CPU
    result = template(off, f"{path}=null") if path != "autoscaling" else template(f"{path}=null")

    if result.returncode:
        assert f"missing property '{key}'" in result.stderr
    else:
        assert not re.search(r"null|<nil>|no value|: \{\}$", result.stdout, re.MULTILINE)


def test_case_b01_typos():
    """Five slips of a busy user: each is named, and none is let through alone."""
    slips = ["'replicaCout'", "'request'", "'minReplica'", "'enable'", "'Tag'"]
    text = refusal(str(CASES / "B01-typos.yaml"))

    assert [] == [slip for slip in slips if f"additional properties {slip} not allowed" not in text]


def test_case_b03_null_alone():
    """Nulls in the chart's own values leave the fields out."""
    sets = "resources.limits=null", "securityContext.runAsUser=null", "livenessProbe=null"
    sets += "podDisruptionBudget.minAvailable=null", "podDisruptionBudget.maxUnavailable=1"
    text = rendered(*sets)

    assert [] == re.findall(
        r"null|: \{\}$|limits|runAsUser|livenessProbe|minAvailable", text, re.MULTILINE
    )
    assert "maxUnavailable: 1" in text


def test_case_b03_switches_without_null():
    """Each default that a parent's null cannot remove has a switch that needs none."""
    text = rendered("resources.limits.memory=", "livenessProbe.enabled=false")

    assert [] == re.findall(r"limits|livenessProbe", text)


def test_case_b05_numbers():
    """What YAML has changed is refused by path; what --set gives is kept as written."""
    text = refusal(str(CASES / "B05-numbers.yaml"))
    places = [f"/podLabels/{x}" for x in ("ticket", "commit")]
    places += [f"/podAnnotations/{x}" for x in ("build", "version", "octal")]

    assert [] == [place for place in places if place not in text]
    for tag in ("20261124", "12345e7", "0123", "1.10"):
        assert f"localhost/rookery:{tag}\n" in rendered(f"image.tag={tag}")


@pytest.mark.parametrize("tag", ["20261124", "12345e7", "1234"])
def test_case_b05_tag_in_a_file(tag, tmp_path):
    """A tag without quotes in a file is refused with the remedy."""
    (tmp_path / "values.yaml").write_text(f"image: {{tag: {tag}}}")
    text = refusal(str(tmp_path / "values.yaml"))

    assert "put it into quotes" in text or "at '/image/tag': got" in text


def test_large_numbers_are_written_out():
    """No number comes out in scientific notation."""
    text = rendered("terminationGracePeriodSeconds=12345678", "resources.requests.cpu=2000000")

    assert "terminationGracePeriodSeconds: 12345678\n" in text
    assert [] == re.findall(r"\de\+\d", text)


def test_case_b20_text_for_booleans():
    """Everything as text is refused by path, so that "false" never means true."""
    text = refusal(str(CASES / "B20-strings.yaml"))
    places = ["autoscaling/enabled", "autoscaling/minReplicas", "autoscaling/maxReplicas"]
    places += ["replicaCount", "service/port", "ingress/enabled"]

    assert [] == [place for place in places if f"at '/{place}': got string" not in text]


def test_unknown_setting_of_the_service():
    """A ROOKERY_ variable that the service does not know is refused; any other is free."""
    known = SCHEMA["$defs"]["env"]["properties"]

    assert "'ROOKERY_LOG_LEVL' not allowed" in refusal("env.ROOKERY_LOG_LEVL=debug")
    assert rendered("env.ROOKERY_LOG_LEVEL=debug", "env.MINE=x", "env.ROOK=x", "env.R=x")
    assert sorted(f"ROOKERY_{name.upper()}" for name in Settings.model_fields) == sorted(known)


@pytest.mark.parametrize(
    "path",
    [
        "affinity",
        "tolerations[0]",
        "podSecurityContext",
        "securityContext",
        "volumes[0]",
        "extraContainers[0]",
        "initContainers[0]",
        "envFrom[0]",
        "env.X.valueFrom",
        "topologySpreadConstraints[0]",
        "networkPolicy.from[0]",
        "autoscaling.behavior.scaleUp",
    ],
)
def test_misspelt_in_depth(path):
    """Also what is passed on to Kubernetes as it is has only fields that Kubernetes knows."""
    assert "'feld' not allowed" in refusal(f"{path}.feld=1")


def test_global_and_condition_are_open():
    """A parent chart may have its global values, and switch this chart by `enabled`."""
    assert objects("global.anything.at=all", "enabled=true")
    assert "at '/enabled'" in refusal("enabled=false")


def test_extra_objects_are_no_templates(tmp_path):
    """Braces in whole objects come out as they went in."""
    text = "{{ $labels.pod }} of {{ $value }}"
    extra = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "x"},
        "data": {"a": text},
    }
    (tmp_path / "values.yaml").write_text(json.dumps({"extraObjects": [extra]}))

    assert extra == one("ConfigMap", str(tmp_path / "values.yaml"))
