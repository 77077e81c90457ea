"""A bill for people, merge requests and reports."""

import dataclasses
import datetime as dt
import json

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from tests.unit.rookery.cost.support import SIMPLE, bill, manifest

from rookery.cost import notes
from rookery.cost.bill import Difference
from rookery.cost.refusal import Refusal

TODAY = dt.date(2026, 11, 25)
BEFORE, AFTER = bill(manifest(2, 4)), bill(manifest(2, 6), manifest(1, 1, "new"))
CHANGE = Difference(BEFORE, AFTER)
SAME = Difference(BEFORE, BEFORE)


def test_line():
    """The bill, and what a change does to it."""
    gone = Difference(AFTER, BEFORE)

    assert "The pods cost 16.43 to 32.85 USD a month." == notes.line(BEFORE, None)
    assert "No change: the pods cost 16.43 to 32.85 USD a month." == notes.line(BEFORE, SAME)
    assert notes.line(AFTER, CHANGE) == (
        "The pods cost 24.64 to 57.49 USD a month: +8.21 at least, +24.64 at most, 1 changed, 1 new."
    )
    assert notes.line(BEFORE, gone).endswith("-8.21 at least, -24.64 at most, 1 changed, 1 gone.")


def test_nodes_line():
    """Whether a change frees or needs a node."""
    more = bill(manifest(2, 20))

    assert notes.nodes_line(BEFORE, None).endswith("8 GiB: 1, 87.60 USD a month.")
    assert notes.nodes_line(BEFORE, SAME) == notes.nodes_line(BEFORE, None)
    assert "the nodes' bill stays as it is" in notes.nodes_line(AFTER, CHANGE)
    assert notes.nodes_line(more, Difference(BEFORE, more)).endswith(
        "1 to 3, 87.60 to 262.80 USD a month: +0.00 at least, +175.20 at most."
    )


def test_table():
    """A workload a row; what is gone is a row, too."""
    rows = notes.table(BEFORE, Difference(AFTER, BEFORE)).splitlines()

    assert ["workload", "pods", "vCPU", "GiB", "USD a month", "change"] == cells(rows[0])
    assert ["Deployment web", "2 to 4", "0.25", "0.25", "16.43 to 32.85"] == cells(rows[2])[:5]
    assert ["Deployment new", "0", "", "", "gone", "-8.21"] == cells(rows[3])
    assert 1 == len({len(row) for row in rows})
    assert "change" not in notes.table(BEFORE, None)


def cells(row):
    """The cells of a row."""
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_unchanged_row():
    """A workload that does not change says nothing in the column of changes."""
    change = Difference(BEFORE, bill(manifest(2, 4), manifest(1, 1, "new")))

    assert "" == cells(notes.table(change.after, change).splitlines()[3])[-1]


def test_footnotes():
    """Provenance, age, spot nodes, and what is to be known."""
    old = dataclasses.replace(SIMPLE, read_on=dt.date(2024, 1, 1))
    spot = dataclasses.replace(bill(manifest(kind="Job"), sheet=old), spot_share=0.25)
    prices, warning, note = notes.footnotes(spot, TODAY)

    assert "simple, read on 2024-01-01 at https://prices.example, 25% on spot nodes" in prices
    assert "Warning: the prices 'simple' are 1059 days old" in warning
    assert "Note: Job web runs once" in note


def test_markdown():
    """The line in bold, the rest folded."""
    text = notes.markdown(AFTER, CHANGE, TODAY)

    assert text.startswith("**The pods cost 24.64")
    assert text.index("<details>") < text.index("| workload") < text.index("</details>")


def test_document():
    """Everything, for programs."""
    found = json.loads(notes.dumped(notes.document(AFTER, CHANGE, TODAY)))

    assert {"least": 8.2125, "most": 24.6375} == found["change"]["pods"]
    assert ["Deployment new", "Deployment web"] == list(found["change"]["workloads"])
    assert (2, 6) == tuple(
        found["workloads"]["Deployment web"][k] for k in ("leastPods", "mostPods")
    )
    assert "2026-09-27" == found["prices"]["readOn"]
    assert "change" not in notes.document(BEFORE, None, TODAY)


def test_openmetrics():
    """A parser of the format reads it."""
    families = {
        each.name: each for each in text_string_to_metric_families(notes.openmetrics(BEFORE))
    }
    samples = families["rookery_pods_monthly_cost"].samples

    assert {"rookery_pods_monthly_cost", "rookery_nodes_monthly_cost"} == set(families)
    assert {"least": 16.43, "most": 32.85} == {each.labels["bound"]: each.value for each in samples}
    assert {"Deployment web"} == {each.labels["workload"] for each in samples}


@pytest.mark.parametrize(
    ("change", "severity"), [(CHANGE, "minor"), (Difference(AFTER, BEFORE), "info")]
)
def test_code_quality(change, severity):
    """One entry, with what GitLab asks for."""
    (entry,) = notes.code_quality(change.after, change, "helm/values.yaml")

    assert {"description", "check_name", "fingerprint", "severity", "location"} == set(entry)
    assert severity == entry["severity"]
    assert {"path": "helm/values.yaml", "lines": {"begin": 1}} == entry["location"]


def test_code_quality_without_change():
    """What does not change is no finding."""
    assert [] == notes.code_quality(BEFORE, SAME, "x")
    assert [] == notes.code_quality(BEFORE, None, "x")


def test_write(tmp_path):
    """Whole or not at all."""
    path = tmp_path / "note.md"
    notes.write(str(path), "x")

    assert "x" == path.read_text()
    with pytest.raises(Refusal, match="cannot be written"):
        notes.write(str(tmp_path / "none/note.md"), "x")
    assert [path] == list(tmp_path.iterdir())
