"""`rookery price`: what rendered manifests cost a month, and what a change does to it."""

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Sequence

from rookery.cost import manifests, nodes, notes, prices
from rookery.cost.bill import Bill, Difference, priced
from rookery.cost.refusal import Refusal

_EPILOG = """\
The least is every autoscaler at its minimum, the most at its maximum all month. Pods cost what they
request, nodes what holds them; docs/cost.md has the method. For instance:
  helm template ./helm | rookery price
  rookery price after.yaml --baseline before.yaml --markdown note.md
"""


def main(arguments: Sequence[str]) -> int:
    """Run `rookery price`.

    Returns:
        The exit code: 2 for what is refused.
    """
    options = parser().parse_args(arguments)
    try:
        _run(options)
    except Refusal as refusal:
        print(f"rookery price: {refusal}", file=sys.stderr)  # noqa: T201  # its answer
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of `rookery price`."""
    found = argparse.ArgumentParser(
        prog="rookery price",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = found.add_argument
    add("rendered", nargs="*", default=["-"], help="rendered manifests (the standard input)")
    add(
        "--baseline", action="append", metavar="FILE", help="those before a change; may be repeated"
    )
    add_prices(found)
    add("--nodes", type=_count, default=1, help="how many nodes DaemonSets are on (%(default)s)")
    add("--run-seconds", type=_positive, default=300, help="how long CronJobs run (%(default)s)")
    add("--json", action="store_true", help="print JSON")
    add("--markdown", metavar="FILE", help="write a note for a merge request")
    add("--openmetrics", metavar="FILE", help="write a file for GitLab's metrics reports")
    add("--code-quality", metavar="FILE", help="write a file for GitLab's code-quality reports")
    add(
        "--code-quality-path",
        metavar="FILE",
        default="helm/values.yaml",
        help="where its entry points (%(default)s)",
    )
    return found


def add_prices(found: argparse.ArgumentParser) -> None:
    """Add the options that say what a vCPU and a GiB cost."""
    add = found.add_argument
    add(
        "--prices",
        metavar="FILE",
        help=f"price sheet, or the chart's values ({prices.GCP_E2.name})",
    )
    add("--spot-share", type=float, default=0, help="share on spot nodes, 0 to 1 (%(default)s)")
    add("--node", metavar="VCPUS:MEMORY", default="2:8Gi", help="kind of node (%(default)s)")


def _run(options: argparse.Namespace) -> None:
    bill = _bill(options.rendered, options)
    change = Difference(_bill(options.baseline, options), bill) if options.baseline else None
    today = dt.datetime.now(dt.UTC).date()
    files: dict[str | None, Callable[[], str]] = {
        options.markdown: lambda: notes.markdown(bill, change, today),
        options.openmetrics: lambda: notes.openmetrics(bill),
        options.code_quality: lambda: notes.dumped(
            notes.code_quality(bill, change, options.code_quality_path)
        ),
    }
    for path, content in files.items():
        if path:
            notes.write(path, content())
    _say(_document(bill, change, today) if options.json else _text(bill, change, today))


def _bill(paths: list[str], options: argparse.Namespace) -> Bill:
    assumed = manifests.Assumptions(options.nodes, options.run_seconds)
    found = manifests.read(paths, assumed)
    if not found.workloads:
        found.remarks.append(f"there is no workload in {', '.join(paths)}")
    sheet = prices.load(options.prices) if options.prices else prices.GCP_E2
    return priced(found, sheet, nodes.node_of(options.node), options.spot_share)


def _document(bill: Bill, change: Difference | None, today: dt.date) -> str:
    return notes.dumped(notes.document(bill, change, today))


def _text(bill: Bill, change: Difference | None, today: dt.date) -> str:
    lines = [
        notes.line(bill, change),
        notes.nodes_line(bill, change),
        "",
        notes.table(bill, change),
        "",
    ]
    return "\n".join([*lines, *notes.footnotes(bill, today), ""])


def _say(text: str) -> None:
    sys.stdout.write(text)


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise ValueError
    return number
