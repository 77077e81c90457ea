"""Runs in a pod: attacks with vegeta until standard input ends, and prints what came of it.

    python3 -c … VEGETA '{"kept": {"rate": 250, "targets": "GET http://…", "options": []}, …}'

Prints a line when the attacks run; then, after the end of standard input, each outcome as vegeta
encodes it; last, what the kernel has counted meanwhile: connections, and for how many seconds
something on this node waited for a processor.
"""

import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

COUNTED = ("ActiveOpens", "AttemptFails", "EstabResets")
PRESSURE = pathlib.Path("/proc/pressure/cpu")


def counters() -> dict[str, float]:
    """What the kernel has counted: of TCP in this pod, of the processors on the whole node."""
    lines = pathlib.Path("/proc/net/snmp").read_text().splitlines()
    names, values = (line.split()[1:] for line in lines if line.startswith("Tcp:"))
    found = {name: float(value) for name, value in zip(names, values, strict=True)}
    waited = PRESSURE.read_text().split()[4] if PRESSURE.exists() else "total=0"  # microseconds
    return {
        **{name: found[name] for name in COUNTED},
        "time": time.monotonic(),
        "waited": float(waited.removeprefix("total=")) / 1e6,
    }


def attack(vegeta: str, name: str, load: dict, output: str) -> subprocess.Popen:
    """Start one attack at a constant rate, which no answer slows down."""
    rate = ("-rate", f"{load['rate']}/1s", "-duration", "0")
    command = [vegeta, "attack", "-name", name, *rate, "-output", output, *load["options"]]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, text=True)
    process.stdin.write(load["targets"])
    process.stdin.close()
    return process


def main() -> None:
    """Attack, wait for the end, and tell."""
    vegeta, loads = sys.argv[1], json.loads(sys.argv[2])
    before = counters()
    with tempfile.TemporaryDirectory(dir=pathlib.Path(vegeta).parent) as folder:
        files = {name: f"{folder}/{name}" for name in loads}
        attacks = [attack(vegeta, name, load, files[name]) for name, load in loads.items()]
        print("attacking", flush=True)
        sys.stdin.read()
        for process in attacks:
            process.send_signal(signal.SIGINT)  # it waits for the answers that are due
        codes = [process.wait() for process in attacks]
        after = counters()
        subprocess.run([vegeta, "encode", "-to", "json", *files.values()], check=True)
    print(json.dumps({"codes": codes, **{name: after[name] - before[name] for name in after}}))


if __name__ == "__main__":
    main()
