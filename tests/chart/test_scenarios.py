"""The scenarios of helm/ci, and the looks of the templates."""

import re

import pytest
from tests.chart.chart import CHART, SCENARIOS, objects, run

TEMPLATES = [p for p in (CHART / "templates").rglob("*") if p.suffix == ".yaml"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(scenario):
    """Each scenario passes helm's strict lint and renders objects with names and kinds."""
    result = run("lint", "--strict", str(CHART), "-f", str(scenario))

    assert 0 == result.returncode, result.stdout
    assert all(o["apiVersion"] and o["metadata"]["name"] for o in objects(str(scenario)))


def test_scenarios_show_every_switch():
    """Whatever is off by default is on in some scenario."""
    text = "".join(path.read_text() for path in SCENARIOS)
    off = re.findall(
        r"(?m)^(\w+):(?:\n  .*)*?\n  enabled: false", (CHART / "values.yaml").read_text()
    )

    assert off
    assert [] == [key for key in off if f"{key}:" not in text]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_template_is_short(template):
    """A template can be read at a glance."""
    lines = template.read_text().splitlines()

    assert len(lines) <= (120 if template.name == "deployment.yaml" else 70)


def test_templates_are_mostly_yaml():
    """At most three lines in ten are control."""
    lines = [line.strip() for p in TEMPLATES for line in p.read_text().splitlines() if line.strip()]
    control = [
        x for x in lines if re.match(r"\{\{-? *(?:if|else|end|range|with|define|\$\w+ :?=|/\*)", x)
    ]

    assert len(control) / len(lines) <= 0.30
