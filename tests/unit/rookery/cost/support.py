"""Manifests and bills for tests."""

import datetime as dt

import yaml

from rookery.cost.bill import priced
from rookery.cost.manifests import Assumptions, of_objects
from rookery.cost.nodes import SMALL
from rookery.cost.prices import Sheet

SIMPLE = Sheet("simple", "https://prices.example", dt.date(2026, 9, 27), "USD", 0.04, 0.005)


def manifest(least=2, most=2, name="web", kind="Deployment", cpu="250m"):
    """A workload of pods of 256 MiB and its autoscaler, as rendered."""
    requests = {"requests": {"cpu": cpu, "memory": "256Mi"}}
    pod = {"containers": [{"name": "c", "resources": requests}]}
    workload = {"kind": kind, "metadata": {"name": name}, "spec": {"template": {"spec": pod}}}
    scaler = {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "minReplicas": least,
            "maxReplicas": most,
            "scaleTargetRef": {"kind": "Deployment", "name": name},
        },
    }
    return yaml.safe_dump_all([workload, scaler] if kind == "Deployment" else [workload])


def bill(*texts, sheet=SIMPLE):
    """The bill of manifests."""
    objects = [each for text in texts for each in yaml.safe_load_all(text)]
    return priced(of_objects(objects, Assumptions()), sheet, SMALL)
