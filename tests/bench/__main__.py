"""`python -m tests.bench`: measure, print a table, and write it when asked. Never a gate."""

import argparse
import os
import sys
from pathlib import Path

from tests.bench import cpu, memory, overload, report, scrape, start, stop
from tests.bench.servers import LOAD_CORE

MEASUREMENTS = {
    "cpu": cpu,
    "start": start,
    "memory": memory,
    "scrape": scrape,
    "overload": overload,
    "stop": stop,
}


def main() -> int:
    """Run what the command line asks for."""
    options = _parser().parse_args()
    os.sched_setaffinity(0, {LOAD_CORE})
    print(report.facts(), end="\n\n")
    sections = {}
    for name in options.only or MEASUREMENTS:
        module = MEASUREMENTS[name]
        figures = module.measure(quick=options.quick)
        sections[module.TITLE] = module.TEXT, figures
        print(f"{module.TITLE}\n{report.table(figures)}\n", flush=True)
    if options.write:
        command = " ".join(["python -m tests.bench", *sys.argv[1:]])
        options.write.write_text(report.page(sections, command))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="write a Markdown page, too")
    parser.add_argument("--quick", action="store_true", help="shorter, and less exact")
    parser.add_argument(
        "--only", action="append", choices=MEASUREMENTS, help="one measurement; may be repeated"
    )
    return parser


raise SystemExit(main())
