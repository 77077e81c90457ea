"""A real Prometheus finds the service, its rules give numbers, and a slow release is noticed."""

import json
import os
import re
import time
from pathlib import Path

import pytest
from tests.cluster.cluster import CHART, namespace, until
from tests.cluster.monitoring import prometheus
from tests.support import ROOT

DRILL = Path(__file__).parent / "drill.py"
PER_SECOND = 25
# Nothing of that kind happens to a healthy service without a CPU limit.
ABSENT = ("container_cpu_cfs_", "kube_pod_deletion_timestamp")
RUNBOOK = (ROOT / "docs/runbook.md").read_text()
SLOW = RUNBOOK.split("\n## ")[1]


def values(where, **env):
    """What is set for the release: watched by this Prometheus, with the drill's source mounted."""
    mine = {"enabled": True, "labels": {"release": where}}
    return {
        "serviceMonitor": {**mine, "interval": "15s"},
        "prometheusRule": mine,
        "dashboard": {"enabled": True},
        "cost": {"plannedReplicas": 2.4},
        "networkPolicy": {
            "metricsFrom": [
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": where}}}
            ]
        },
        "env": {f"DRILL_{name.upper()}": str(value) for name, value in env.items()},
        "volumes": [{"name": "drill", "configMap": {"name": "drill"}}],
        "volumeMounts": [{"name": "drill", "mountPath": "/code/src/app.py", "subPath": "drill.py"}],
    }


class Watched:
    """A release that is called all the time, and the Prometheus that looks at it."""

    def __init__(self, release, watcher, folder):
        self.release, self.watcher, self.file = release, watcher, folder / "values.yaml"

    def deploy(self, command, **env):
        """Install or upgrade, with faults of the drill."""
        self.file.write_text(json.dumps(values(self.watcher.namespace, **env)))
        self.release.helm(command, "--wait", "--timeout", "120s", "-f", str(self.file))

    def ask(self, expression):
        """The samples that a query of the dashboard or the runbook gives for this release."""
        for name, value in (
            ("$namespace", self.release.namespace),
            ("$job", self.release.name),
            ("$__rate_interval", "1m"),
        ):
            expression = expression.replace(name, value)
        return self.watcher.query(expression)

    def most(self, expression):
        """The largest value of a query."""
        return max(float(sample["value"][1]) for sample in self.ask(expression))

    def rules(self):
        """The rules as they lie in the cluster."""
        groups = self.release.get("prometheusrule")["spec"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """A healthy release that has been called for two minutes."""
    with prometheus() as watcher, namespace("rookery-test-watched") as release:
        release.kubectl("create", "configmap", "drill", f"--from-file={DRILL}")
        found = Watched(release, watcher, tmp_path_factory.mktemp("watched"))
        found.deploy("install")
        until(lambda: len(up(found)) == 2, 120, "both pods scraped")
        with release.calling(per_second=PER_SECOND, seconds=100) as outcomes:
            time.sleep(90)
        assert {"200"} == set(outcomes)
        yield found


def up(watched):
    """The pods that are scraped through the NetworkPolicy."""
    return watched.ask('up{namespace="$namespace",job="$job"} == 1')


def test_both_pods_are_scraped(watched):
    """The ServiceMonitor is found, and both pods answer from behind the NetworkPolicy."""
    pods = {pod["metadata"]["name"] for pod in watched.release.pods()}

    assert pods == {sample["metric"]["pod"] for sample in up(watched)}
    assert {"rookery"} == {sample["metric"]["service"] for sample in up(watched)}


def test_rules_are_loaded_and_healthy(watched):
    """Each rule of the release is evaluated without an error."""
    until(lambda: loaded(watched), 60, "rules loaded")
    expected = sorted(rule.get("record") or rule["alert"] for rule in watched.rules())

    assert expected == sorted(rule["name"] for rule in loaded(watched))
    assert {"ok"} == {rule["health"] for rule in loaded(watched)}


def loaded(watched):
    """The rules that Prometheus has of the release."""
    groups = watched.watcher.ask("rules")["groups"]
    prefix = f"{watched.release.namespace}.{watched.release.name}."
    return [r for group in groups if group["name"].startswith(prefix) for r in group["rules"]]


def test_every_record_has_a_value(watched):
    """No recording rule is empty."""
    labels = f'namespace="{watched.release.namespace}",job="{watched.release.name}"'
    records = [rule["record"] for rule in watched.rules() if "record" in rule]

    assert [] == [name for name in records if not watched.ask(f"{name}{{{labels}}}")]


def test_every_series_of_an_alert_is_there(watched):
    """Each selector of an alert finds something, but what only trouble makes."""
    selectors = {
        found
        for rule in watched.rules()
        if "alert" in rule
        for found in re.findall(r"[a-z_:0-9]+\{[^}]*\}", rule["expr"])
        if not found.startswith(ABSENT)
    }

    assert len(selectors) > 20
    assert [] == [found for found in sorted(selectors) if not watched.ask(found)]


def test_every_panel_has_data(watched):
    """Each query of the dashboard gives something."""
    board = json.loads((CHART / "dashboards/rookery.json").read_text())
    queries = {t["expr"] for panel in board["panels"] for t in panel.get("targets", [])}

    assert [] == [query for query in sorted(queries) if not watched.ask(query)]


def test_every_query_of_the_runbook_is_answered(watched):
    """Each query gives something, but those that ask for trouble or for an hour ago."""
    queries = set(re.findall(r"```promql\n\s*(.*)\n\s*```", RUNBOOK))
    empty = {query for query in queries if not watched.ask(query)}

    assert {q for q in empty if not re.search('_cfs_|"5xx"|offset|draining', q)} == set()


def test_nothing_fires_for_a_healthy_service(watched):
    """A fresh release with some load raises no alert."""
    assert set() == firing(watched)


def firing(watched):
    """The alerts of the release that fire."""
    query = 'ALERTS{namespace="$namespace",job="$job",alertstate="firing"}'
    return {sample["metric"]["alertname"] for sample in watched.ask(query)}


def test_scrapes_are_open_metrics_with_exemplars(watched):
    """The trace of a request that was traced by its caller arrives in Prometheus."""
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    script = (
        "import urllib.request\n"
        f"headers = {{'traceparent': '00-{trace}-00f067aa0ba902b7-01'}}\n"
        f"for _ in range(20): urllib.request.urlopen(urllib.request.Request("
        f"'{watched.release.url()}', headers=headers)).read()"
    )
    watched.release.start("traced", script)
    watched.release.output("traced")

    def arrived():
        found = watched.watcher.ask(
            "query_exemplars",
            query=f'http_request_duration_seconds_bucket{{namespace="{watched.release.namespace}"}}',
            start=time.time() - 300,
            end=time.time(),
        )
        return [e["labels"]["trace_id"] for series in found for e in series["exemplars"]]

    assert trace in until(arrived, 60, "exemplars there")


FAULTS = {
    # what is wrong: the fault, and whether the event loop is late
    "a dependency is slow": ({"wait_seconds": 0.6}, False),
    "a call blocks the loop": ({"block_seconds": 0.3}, True),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_drill(watched, fault):
    """It got slow: the alert fires, and the runbook's forks lead to the cause."""
    env, is_late = FAULTS[fault]
    start = time.monotonic()
    watched.deploy("upgrade", **env)
    with watched.release.calling(per_second=PER_SECOND, seconds=400):
        until(lambda: "RookeryLatencyBudgetBurningFast" in firing(watched), 390, "firing")
        print(f"\n{fault}: fires {time.monotonic() - start:.0f} s after the upgrade began")
        forks = [re.findall(r"```promql\n(.*)\n```", fork) for fork in SLOW.split("\n**")[1:]]
        p99, lag = watched.most(forks[0][0]), watched.most(forks[5][0])
        cores, scrape = watched.most(forks[7][0]), watched.most(SCRAPE)
        print(f"p99 {p99:.2f} s, lag {lag:.3f} s, {cores:.2f} cores, slowest scrape {scrape:.3f} s")
        by_pod = [float(sample["value"][1]) for sample in watched.ask(forks[2][0])]

        assert p99 > 0.25
        assert min(by_pod) > 0.25  # not one bad pod
        assert (lag > 0.05) == is_late
        assert cores < 0.5  # it does not compute
        assert len(up(watched)) >= 2
        picture(watched)
    assert fault in SLOW.replace("**the cause is a dependency**", "a dependency is slow").replace(
        "**a call\nblocks the loop**", "a call blocks the loop"
    )


SCRAPE = 'max_over_time(scrape_duration_seconds{namespace="$namespace",job="$job"}[3m])'


def picture(watched):
    """Keep what the dashboard's queries give, for `make dashboard-picture`, where it is asked for."""
    path = os.environ.get("DASHBOARD_DATA")
    if not path:
        return
    board = json.loads((CHART / "dashboards/rookery.json").read_text())
    queries = {t["expr"] for panel in board["panels"] for t in panel.get("targets", [])}
    Path(path).write_text(json.dumps({query: matrix(watched, query) for query in queries}))


def matrix(watched, query):
    """The last twenty minutes of a query."""
    for name, value in (
        ("$namespace", watched.release.namespace),
        ("$job", watched.release.name),
        ("$__rate_interval", "1m"),
    ):
        query = query.replace(name, value)
    now = time.time()
    return watched.watcher.ask("query_range", query=query, start=now - 1200, end=now, step=15)[
        "result"
    ]
