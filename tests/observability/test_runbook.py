"""The runbook has a section on each alert, and its queries can be asked."""

import re

import pytest
from tests.chart.chart import CHART
from tests.observability.prometheus import SEVERITIES, alerts, promtool, rules
from tests.support import ROOT

TEXT = (ROOT / "docs/runbook.md").read_text()
BEFORE, *SECTIONS = re.split(r"^## ", TEXT, flags=re.MULTILINE)
TITLES = [section.partition("\n")[0] for section in SECTIONS]
QUERIES = re.findall(r"```promql\n\s*(.*)\n\s*```", TEXT)


def test_each_alert_has_its_section():
    """No alert is without a section, and no section without an alert but the first."""
    assert ["It got slow", *sorted(alerts())] == TITLES[:1] + sorted(TITLES[1:])


@pytest.mark.parametrize("name", SEVERITIES)
def test_link_leads_to_its_section(name):
    """The link's end is the anchor that a heading gets."""
    anchor = alerts()[name]["annotations"]["runbook_url"].partition("#")[2]

    assert anchor == name.lower()
    assert name in TITLES


@pytest.mark.parametrize("section", SECTIONS[1:], ids=TITLES[1:])
def test_section_says_how_to_look(section):
    """A section has a query or a way to the section that has one."""
    assert "```promql" in section or re.search(r"\]\(#[a-z-]+\)", section)


def test_links_within_lead_somewhere():
    """Each link to a section has that section."""
    anchors = {title.lower().replace(" ", "-") for title in TITLES}

    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors


@pytest.mark.parametrize("query", sorted(set(QUERIES)))
def test_query(query):
    """It is PromQL, about one release, and reads no record that is not made."""
    promtool("--experimental", "promql", "format", query)
    records = {rule.get("record") for rule in rules()}

    assert 'namespace="$namespace"' in query
    assert set(re.findall(r"(?<!\")job:[\w:]+", query)) <= records


def test_named_values_exist():
    """Values of the chart that the runbook names are there."""
    values = (CHART / "values.yaml").read_text()
    named = set(re.findall(r"`(?:[a-zA-Z]+\.)+([a-zA-Z]+)`", TEXT)) - {"sleep"}  # of `time`

    assert named
    assert {name for name in named if f"{name}:" not in values} == set()


def test_alerts_are_listed():
    """The page that lists the alerts has each with its severity, in the order of the rules."""
    page = (ROOT / "docs/observability.md").read_text()
    listed = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", page, flags=re.MULTILINE))

    assert {name: rule["labels"]["severity"] for name, rule in alerts().items()} == listed
