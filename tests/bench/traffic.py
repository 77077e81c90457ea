"""`python -m tests.bench.traffic`: what it takes to read a gigabyte of CSV. Prints; never a gate."""

import argparse
import datetime as dt
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import report

_CHUNK = 1 << 16
_START = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
# in the process that reads, so that nothing else is in its peak
_READ = """
import resource, sys, time
from rookery.cost.series import Reading
from rookery.cost.traffic import read
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
started = time.perf_counter()
traffic = read(sys.argv[1], Reading(sum=True))
taken = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(taken, before / 1024, peak / 1024, traffic.rates_rps.size)
"""


def main() -> None:
    """Write files of either kind, read them, and print seconds and peak memory."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.traffic", description=__doc__)
    parser.add_argument("--mib", type=int, default=1024, help="size of a file (%(default)s)")
    options = parser.parse_args()
    print(report.facts(), end="\n\n")
    with tempfile.TemporaryDirectory() as folder:
        for name, rows in {"by seconds": _seconds, "100 series by 15 s": _series}.items():
            path = Path(folder) / "traffic.csv"
            _write(path, rows, options.mib << 20)
            _measure(name, path)


def _measure(name: str, path: Path) -> None:
    command = [sys.executable, "-c", _READ, str(path)]
    started = time.perf_counter()
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    whole = time.perf_counter() - started
    taken, before, peak, steps = map(float, run.stdout.split())
    size = path.stat().st_size / (1 << 20)
    print(
        f"{name}: {size:.0f} MiB read in {taken:.1f} s, {size / taken:.0f} MiB/s, process {whole:.1f} s;"
        f" peak RSS {peak:.0f} MiB, {before:.0f} of it before; {steps:,.0f} steps",
        flush=True,
    )


def _write(path: Path, rows, size: int) -> None:
    with path.open("w") as file:
        file.write("timestamp,series,rps\n")
        at = 0
        while file.tell() < size:
            file.writelines(rows(at, at + _CHUNK))
            at += _CHUNK


def _seconds(first: int, last: int):
    for second in range(first, last):
        yield f"{(_START + dt.timedelta(seconds=second)).isoformat()},web,{second % 977}.5\n"


def _series(first: int, last: int):
    for row in range(first, last):
        time_ = (_START + dt.timedelta(seconds=row // 100 * 15)).isoformat()
        yield f"{time_},pod-{row % 100:02},{row % 977}.5\n"


if __name__ == "__main__":
    main()
