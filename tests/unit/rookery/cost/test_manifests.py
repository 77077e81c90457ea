"""Workloads out of rendered manifests."""

import pytest
import yaml

from rookery.cost.manifests import Assumptions, of_objects, read
from rookery.cost.pods import Requests
from rookery.cost.refusal import Refusal

POD = {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]}


def thing(kind, spec, name="web", **metadata):
    """An object."""
    return {"kind": kind, "metadata": {"name": name, **metadata}, "spec": spec}


def workload(kind="Deployment", **spec):
    """A workload of the usual shape."""
    return thing(kind, {"template": {"spec": POD}, **spec})


def scaler(kind="HorizontalPodAutoscaler", target="web", **spec):
    """An autoscaler."""
    reference = {"name": target, **({"kind": "Deployment"} if kind[0] == "H" else {})}
    return thing(kind, {"scaleTargetRef": reference, **spec})


def range_of(*objects, **assumed):
    """The only workload's numbers of pods."""
    (found,) = of_objects(list(objects), Assumptions(**assumed)).workloads.values()
    assert Requests(1, 1) == found.requests
    return found.least, found.most


def remarks(*objects):
    """What is said beside the workloads."""
    return " ".join(of_objects(list(objects), Assumptions()).remarks)


def refused(*objects):
    """Why objects are refused."""
    with pytest.raises(Refusal) as refusal:
        of_objects(list(objects), Assumptions())
    return str(refusal.value)


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([workload()], (1, 1)),
        ([workload(replicas=3)], (3, 3)),
        ([workload("StatefulSet", replicas=0)], (0, 0)),
        ([workload(), scaler(minReplicas=2, maxReplicas=6)], (2, 6)),
        ([workload(), scaler(maxReplicas=6)], (1, 6)),
        ([workload(), scaler("ScaledObject")], (0, 100)),
        ([workload(), scaler("ScaledObject", minReplicaCount=2, maxReplicaCount=4)], (2, 4)),
        ([workload(), scaler("ScaledObject", minReplicaCount=2, idleReplicaCount=0)], (0, 100)),
        ([workload(replicas=0), scaler(maxReplicas=6)], (0, 0)),
        ([thing("Pod", POD)], (1, 1)),
        ([thing("Pod", {**POD, "restartPolicy": "Never"})], (0, 0)),
        ([workload("Job")], (0, 0)),
        ([thing("ScaledJob", {"jobTargetRef": {"template": {"spec": POD}}})], (0, 100)),
    ],
)
def test_ranges(objects, expected):
    """Of each kind, with autoscalers and their defaults, in any order."""
    assert expected == range_of(*objects)
    assert expected == range_of(*objects[::-1])


def test_daemon_set():
    """One pod a node."""
    found = of_objects([workload("DaemonSet")], Assumptions(nodes=3)).workloads["DaemonSet web"]

    assert (3, True) == (found.most, found.per_node)
    assert "1 node reckoned with" in remarks(workload("DaemonSet"))


def cron_job(job=None, **spec):
    """A job of every hour."""
    job = {"template": {"spec": POD}, **(job or {})}
    return thing("CronJob", {"schedule": "@hourly", "jobTemplate": {"spec": job}, **spec})


def test_cron_job():
    """The share of the month in which it runs."""
    hour = 1461 / 48 * 24 / 730

    assert pytest.approx(hour) == range_of(cron_job(), run_seconds=3600)[0]
    assert pytest.approx(hour / 2) == range_of(cron_job(), run_seconds=1800)[1]
    assert pytest.approx(hour / 60) == range_of(cron_job({"activeDeadlineSeconds": 60}))[1]
    assert (0, 0) == range_of(cron_job(suspend=True))
    assert (2, 2) == range_of(
        cron_job({"parallelism": 2}, concurrencyPolicy="Forbid"), run_seconds=9000
    )
    assert "730.5 times a month, 300 s each reckoned with" in remarks(cron_job())
    assert "CronJob web: the schedule 'x'" in refused(cron_job(schedule="x"))


def test_hooks_are_not_billed():
    """What Helm runs once is not in a monthly bill."""
    test = thing("Pod", POD, annotations={"helm.sh/hook": "test"})

    assert {} == of_objects([test], Assumptions()).workloads


@pytest.mark.parametrize(
    ("objects", "sentence"),
    [
        ([scaler(maxReplicas=2)], "scales Deployment web, which is not here"),
        ([workload(), workload()], "comes twice"),
        ([workload(replicas=0), scaler(maxReplicas=2)], "does nothing: its target has 0 replicas"),
        ([workload(), scaler(maxReplicas=2), scaler("ScaledObject")], "they will fight"),
        ([workload("Job")], "runs once"),
        ([workload("Unheard")], "of a kind that is not known"),
        ([thing("Deployment", {"template": {"spec": {"containers": [{"name": "x"}]}}})], "x (cpu)"),
    ],
)
def test_remarks(objects, sentence):
    """What the reader of the bill has to know."""
    assert sentence in remarks(*objects)


def test_other_kinds_are_passed_over():
    """A Service costs nothing here."""
    assert "" == remarks(thing("Service", {}), thing("ConfigMap", None))


def test_namespaces_are_apart():
    """An autoscaler scales what is in its namespace."""
    here, there = workload(), scaler(maxReplicas=5)
    there["metadata"]["namespace"] = "other"

    assert (1, 1) == range_of(here, there)


@pytest.mark.parametrize(
    ("objects", "sentence"),
    [
        ([scaler(minReplicas=3, maxReplicas=2)], "scales from 3 to 2"),
        ([scaler(minReplicas=3)], "scales from 3 to None"),
        ([workload(replicas=-1)], "has -1 replicas"),
        ([workload(replicas="2")], "has '2' replicas"),
        ([workload(replicas=True)], "has True replicas"),
    ],
)
def test_refused(objects, sentence):
    """What cannot be is refused by name."""
    assert sentence in refused(*objects)


def test_files(tmp_path):
    """Several files, several documents each, lists among them."""
    one, two = tmp_path / "1.yaml", tmp_path / "2.yaml"
    other = thing("Deployment", {"template": {"spec": POD}}, "other")
    one.write_text(
        "---\n# nothing\n---\n" + yaml.safe_dump({"kind": "List", "items": [workload()]})
    )
    two.write_text(yaml.safe_dump(other))
    found = read([str(one), str(two)])

    assert ["Deployment web", "Deployment other"] == list(found.workloads)
