"""What alerts and dashboard read is what the service tells."""

import json
import re

import pytest
import yaml
from src.app import create_app
from tests.chart.chart import CHART, one
from tests.observability.prometheus import rules
from tests.support import series, serving, settings

from rookery.metrics import BUCKETS_SECONDS

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
BOARD = (CHART / "dashboards/rookery.json").read_text()
OURS = r"\b((?:http|rookery)_\w+)\{([^}]*)\}"


@pytest.fixture(scope="module")
def scrape():
    """The series of a service that has answered."""
    with serving(create_app(settings())) as client:
        client.get("/test")
        client.get("/nowhere")
        return series(client.get("/metrics").text)


def labels(selector):
    """The labels that a selector names, but those that Prometheus adds."""
    return set(re.findall(r"(\w+)=~?", selector)) - {"namespace", "job", "pod", "service"}


def test_metrics_exist(scrape):
    """Each metric and label of a rule or a panel is in a scrape."""
    expressions = [str(rule["expr"]) for rule in rules()]
    expressions += re.findall(r'"expr": "(.*)"', BOARD.replace('\\"', "'").replace("'", '"'))
    read = {(name, frozenset(labels(s))) for e in expressions for name, s in re.findall(OURS, e)}
    told = [(key.partition("{")[0], set(re.findall(r'(\w+)="', key))) for key in scrape]

    assert len(read) > 5
    assert [] == [
        (name, wanted)
        for name, wanted in read
        if not any(name == n and wanted <= found for n, found in told)
    ]


def test_labels_that_are_summed_over_exist(scrape):
    """What a panel groups by is a label of the service, or of Prometheus."""
    found = {label for key in scrape for label in re.findall(r'(\w+)="', key)}
    grouped = {x for by in re.findall(r"by \(([^)]*)\)", BOARD) for x in by.split(", ")}

    assert grouped <= found | {"pod", "container"}


def test_case_e05_objective_is_a_bucket(scrape):
    """Every time that can be chosen is a bucket's edge, below the last one that is finite."""
    choice = SCHEMA["$defs"]["bucket"]["enum"]
    edges = list(BUCKETS_SECONDS[:-1])

    assert [*edges, *map(str, edges)] == choice
    for seconds in edges:
        text = yaml.safe_dump(rules(f"prometheusRule.objectives.inTimeSeconds={seconds}"))
        [edge] = set(re.findall(r'le=\\?"([^"\\]*)', text))
        assert any(f'le="{edge}"' in key for key in scrape)


def test_case_e05_probes_do_not_count():
    """A thousand probes and scrapes move neither what latency nor what errors are told by."""
    with serving(create_app(settings())) as client:
        client.get("/test")
        before = client.get("/metrics").text
        for _ in range(334):
            for path in ("/livez", "/readyz", "/metrics"):
                client.get(path)
        after = client.get("/metrics").text
    counted = [
        {k: v for k, v in series(text).items() if k.startswith("http_request")}
        for text in (before, after)
    ]

    assert counted[0]
    assert counted[0] == counted[1]


def test_labels_of_the_monitor_are_those_of_the_rules():
    """Rules find the series by the job that the ServiceMonitor gives them."""
    [endpoint] = one("ServiceMonitor", "serviceMonitor.enabled=true")["spec"]["endpoints"]
    jobs = {r["targetLabel"]: r["replacement"] for r in endpoint["relabelings"]}

    assert {"job": "r-rookery", "service": "r-rookery"} == jobs
    assert all(rule["labels"]["job"] == jobs["job"] for rule in rules())
