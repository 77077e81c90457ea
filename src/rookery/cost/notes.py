"""A bill, or a difference, for a terminal, a merge request and its reports."""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rookery.cost.bill import Bill, Difference, Range, is_noticed
from rookery.cost.quantities import HOURS_A_MONTH
from rookery.cost.refusal import Refusal

_SEVERITY = {True: "minor", False: "info"}


def line(bill: Bill, change: Difference | None) -> str:
    """The bill in one line."""
    total = f"{_between(bill.pods)} {bill.sheet.currency} a month"
    if change is None:
        return f"The pods cost {total}."
    if not change.items:
        return f"No change: the pods cost {total}."
    return f"The pods cost {total}: {_by(change.pods)}, {_what_changed(change)}."


def _between(amounts: Range) -> str:
    least, most = f"{amounts.least:.2f}", f"{amounts.most:.2f}"
    return least if least == most else f"{least} to {most}"


def _by(change: Range) -> str:
    least, most = f"{change.least:+.2f}", f"{change.most:+.2f}"
    return least if least == most else f"{least} at least, {most} at most"


def _what_changed(change: Difference) -> str:
    before, after = change.before.items, change.after.items
    counts = {
        "new": sum(name not in before for name in change.items),
        "gone": sum(name not in after for name in change.items),
    }
    counts = {"changed": len(change.items) - sum(counts.values()), **counts}
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def nodes_line(bill: Bill, change: Difference | None) -> str:
    """The other bill in one line."""
    size = bill.node.size
    least, most = bill.node_count
    count = f"{least}" if least == most else f"{least} to {most}"
    text = (
        f"The nodes for them, of {size.vcpus:g} vCPU and {size.gib:g} GiB: {count},"
        f" {_between(bill.nodes)} {bill.sheet.currency} a month"
    )
    if change is None or not change.items:
        return f"{text}."
    if not is_noticed(change.nodes):
        return f"{text}: no node more or fewer, so the nodes' bill stays as it is."
    return f"{text}: {_by(change.nodes)}."


def footnotes(bill: Bill, today: dt.date) -> list[str]:
    """Where the prices are from, and what else is to be known."""
    spot = f", {bill.spot_share:.0%} on spot nodes" if bill.spot_share else ""
    prices = f"Prices: {bill.sheet.origin}{spot}; {HOURS_A_MONTH} hours a month."
    warnings = [f"Warning: {each}." for each in bill.sheet.warnings(today)]
    return [prices, *warnings, *(f"Note: {each}." for each in bill.remarks)]


def table(bill: Bill, change: Difference | None) -> str:
    """Every workload, as a table that reads well as text and as Markdown."""
    head = ["workload", "pods", "vCPU", "GiB", f"{bill.sheet.currency} a month"]
    rows = [_row(name, bill) for name in bill.items]
    if change:
        head.append("change")
        gone = [[name, "0", "", "", "gone"] for name in change.items if name not in bill.items]
        rows = [[*row, _changed(row[0], change)] for row in [*rows, *gone]]
    return _aligned([head, *rows])


def _row(name: str, bill: Bill) -> list[str]:
    workload = bill.workloads[name]
    asked = workload.requests
    pods = dict.fromkeys(f"{count:.3g}" for count in (workload.least, workload.most))
    return [
        name,
        " to ".join(pods),
        f"{asked.vcpus:g}",
        f"{asked.gib:g}",
        _between(bill.items[name]),
    ]


def _changed(name: str, change: Difference) -> str:
    return _by(change.items[name]) if name in change.items else ""


def _aligned(rows: list[list[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows = [rows[0], ["-" * width for width in widths], *rows[1:]]
    cells = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def markdown(bill: Bill, change: Difference | None, today: dt.date) -> str:
    """A note for a merge request: the line, and the rest folded."""
    details = [table(bill, change), nodes_line(bill, change), *footnotes(bill, today)]
    folded = "\n\n".join(details)
    return (
        f"**{line(bill, change)}**\n\n<details><summary>By workload, nodes, prices</summary>\n\n"
        f"{folded}\n\n</details>\n"
    )


def document(bill: Bill, change: Difference | None, today: dt.date) -> dict[str, Any]:
    """Everything, for programs; amounts are of a month, in `currency`."""
    amounts: dict[str, Any] = {
        "currency": bill.sheet.currency,
        "prices": {
            "name": bill.sheet.name,
            "source": bill.sheet.source,
            "readOn": bill.sheet.read_on.isoformat(),
            "vcpuHour": bill.sheet.vcpu_hour,
            "gibHour": bill.sheet.gib_hour,
            "spotShare": bill.spot_share,
        },
        "pods": _rounded(bill.pods),
        "nodes": {
            **_rounded(bill.nodes),
            "leastCount": bill.node_count[0],
            "mostCount": bill.node_count[1],
        },
        "workloads": {name: _workload(name, bill) for name in bill.items},
        "notes": footnotes(bill, today),
    }
    if change:
        items = {name: _rounded(each) for name, each in change.items.items()}
        pods, nodes = _rounded(change.pods), _rounded(change.nodes)
        amounts["change"] = {"pods": pods, "nodes": nodes, "workloads": items}
    return amounts


def _workload(name: str, bill: Bill) -> dict[str, Any]:
    workload = bill.workloads[name]
    return {
        "leastPods": workload.least,
        "mostPods": workload.most,
        "vcpus": workload.requests.vcpus,
        "gib": workload.requests.gib,
        **_rounded(bill.items[name]),
    }


def _rounded(amounts: Range) -> dict[str, float]:
    return {"least": round(amounts.least, 6), "most": round(amounts.most, 6)}


def openmetrics(bill: Bill) -> str:
    """A file for GitLab's metrics reports, which compare it with the target branch's."""
    families: dict[str, Mapping[str, Range]] = {
        "rookery_pods_monthly_cost": bill.items,
        "rookery_nodes_monthly_cost": {"": bill.nodes},
    }
    lines = []
    for family, items in families.items():
        lines.append(f"# TYPE {family} gauge")
        for name, amounts in items.items():
            for bound, amount in (("least", amounts.least), ("most", amounts.most)):
                labels = {"workload": name, "bound": bound, "currency": bill.sheet.currency}
                shown = ",".join(
                    f'{key}="{_escaped(each)}"' for key, each in labels.items() if each
                )
                lines.append(f"{family}{{{shown}}} {amount:.2f}")
    return "\n".join([*lines, "# EOF", ""])


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def code_quality(bill: Bill, change: Difference | None, path: str) -> list[dict[str, Any]]:
    """An entry for GitLab's code-quality report, at the first line of `path`; none without change."""
    if change is None or not change.items:
        return []
    text = f"{line(bill, change)} {nodes_line(bill, change)}"
    rises = max(change.pods.least, change.pods.most) > 0
    return [
        {
            "description": text,
            "check_name": "monthly-cost",
            "fingerprint": hashlib.sha256(text.encode()).hexdigest(),
            "severity": _SEVERITY[rises],
            "location": {"path": path, "lines": {"begin": 1}},
        }
    ]


def write(path: str, content: str) -> None:
    """Write a whole file or none.

    Raises:
        Refusal: It cannot be written.
    """
    partial = Path(f"{path}.{os.getpid()}.partial")
    try:
        partial.write_text(content)
        partial.replace(path)
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}") from None
    finally:
        partial.unlink(missing_ok=True)


def dumped(content: Any) -> str:
    """JSON for files and pipes."""
    return json.dumps(content, indent=2) + "\n"
