"""A real Prometheus finds the service, its rules give numbers, and a slow release is noticed."""

import contextlib
import json
import os
import re
import time
from pathlib import Path

import pytest
from tests.cluster.cluster import CALLER, CHART, namespace, until
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

    def filled(self, expression):
        """A query of the dashboard or the runbook, for this release."""
        variables = {"$namespace": self.release.namespace, "$job": self.release.name}
        for name, value in (variables | {"$__rate_interval": "1m"}).items():
            expression = expression.replace(name, value)
        return expression

    def ask(self, expression):
        """The samples that such a query gives."""
        return self.watcher.query(self.filled(expression))

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
    assert [] == [query for query in panel_queries() if not watched.ask(query)]


def panel_queries():
    """The queries of the dashboard, sorted."""
    board = json.loads((CHART / "dashboards/rookery.json").read_text())
    return sorted({t["expr"] for panel in board["panels"] for t in panel.get("targets", [])})


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


# The fault of a release, the runbook's name for it, and whether the event loop is late then.
FAULTS = [
    ({"wait_seconds": 0.6}, "the cause is a dependency", False),
    ({"block_seconds": 0.3}, "a call blocks the loop", True),
]


@pytest.mark.parametrize(("fault", "cause", "is_late"), FAULTS, ids=["wait", "block"])
def test_drill(watched, fault, cause, is_late):
    """It got slow: the alert fires, and the runbook's forks lead to the cause."""
    forks = [re.findall(r"```promql\n(.*)\n```", fork) for fork in SLOW.split("\n**")[1:]]
    start = time.monotonic()
    watched.deploy("upgrade", **fault)
    with called(watched.release):
        time.sleep(75)  # the fault before it is still firing
        until(lambda: "RookeryLatencyBudgetBurningFast" in firing(watched), 360, "firing")
        print(f"\n{cause}: fires {time.monotonic() - start:.0f} s after the upgrade began")
        p99, lag, cores = (watched.most(forks[fork][0]) for fork in (0, 5, 7))
        slowest = watched.most(SCRAPE)
        print(
            f"p99 {p99:.2f} s, lag {lag:.3f} s, {cores:.2f} cores, slowest scrape {slowest:.3f} s"
        )
        keep(watched)

        assert p99 > 0.25
        assert min(by_pod(watched, forks[2][0]).values()) > 0.25
        assert is_late == (lag > 0.1)
        assert cores < 0.5
        assert len(up(watched)) >= 2
        assert cause in " ".join(forks_text(7 if is_late else 5).split())


def by_pod(watched, expression):
    """What a query gives for each pod that there is; those before the upgrade are still in it."""
    found = {s["metric"]["pod"]: float(s["value"][1]) for s in watched.ask(expression)}
    return {
        pod["metadata"]["name"]: found[pod["metadata"]["name"]] for pod in watched.release.pods()
    }


SCRAPE = 'max_over_time(scrape_duration_seconds{namespace="$namespace",job="$job"}[1m])'


def forks_text(number):
    """What the runbook says at a fork, without its emphasis."""
    return SLOW.split("\n**")[1:][number].replace("**", "")


@contextlib.contextmanager
def called(release):
    """Call the service until told to stop."""
    release.start("caller", CALLER, release.url(), str(PER_SECOND), "900")
    try:
        yield
    finally:
        release.kubectl("delete", "pod", "caller", "--wait=true")


def keep(watched):
    """Write what the dashboard's queries give to DASHBOARD_DATA, for `make dashboard-picture`."""
    path = os.environ.get("DASHBOARD_DATA")
    if not path:
        return
    now = time.time()
    window = {"start": now - 1200, "end": now, "step": 15}
    found = {
        query: watched.watcher.ask("query_range", query=watched.filled(query), **window)["result"]
        for query in panel_queries()
    }
    Path(path).write_text(json.dumps(found))
