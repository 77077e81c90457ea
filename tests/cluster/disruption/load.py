"""An open-loop load on the Service's virtual address, from a pod with a vegeta in it.

Go's HTTP client, which vegeta is made of, sends a GET again by itself when a kept connection is cut
under it, and so would hide what these tests look for. It never does so with a POST, nor on a
connection of its own: kept connections carry POSTs, new ones GETs.

It also takes the connection that was used last, so that of a pool hardly two would see traffic.
Each name that a request is sent to has a pool of its own: many names for one address keep as many
connections busy.
"""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cluster.cluster import Release, restricted_pod, until
from tests.cluster.disruption.outcomes import Outcome, decoded, lateness_seconds

LOADER = (Path(__file__).parent / "loader.py").read_text()
FOLDER = "/load"
PROGRAM = f"{FOLDER}/vegeta"
WAIT = "import time; time.sleep(36000)"
RECEIVE = f"""
import os, pathlib, sys
pathlib.Path("{PROGRAM}").write_bytes(sys.stdin.buffer.read())
os.chmod("{PROGRAM}", 0o755)
"""

POOLS = 32
SLOW = ("/slow/1", "/slow/2", "/slow/3")
FAST_FOR_A_SLOW = 40  # so many requests to /test for one that takes 1 to 3 s
TIMEOUT_SECONDS = 10
LEAD_SECONDS = 3  # of load before anything is disrupted


@dataclass(frozen=True)
class Attack:
    """One part of the load.

    Attributes:
        rate: requests a second.
        paths: what is asked for, in turn.
        keep: send POSTs on kept connections; else each GET has a connection of its own.
    """

    rate: int
    paths: tuple[str, ...]
    keep: bool

    def encoded(self, address: str) -> dict[str, Any]:
        """It as the loader takes it; `address` is `host:port`."""
        method, pools = ("POST", POOLS) if self.keep else ("GET", 1)
        targets = [
            f"{method} http://pool-{n % pools}{path}\n"
            for n, path in enumerate(self.paths * (pools if len(self.paths) % pools else 1))
        ]
        connect = [f"-connect-to=pool-{n}:80:{address}" for n in range(pools)]
        options = [*connect, f"-keepalive={str(self.keep).lower()}"]
        options += [f"-timeout={TIMEOUT_SECONDS}s"]
        return {"rate": self.rate, "targets": "".join(targets), "options": options}


_MIX = tuple(path for slow in SLOW for path in (*("/test",) * FAST_FOR_A_SLOW, slow))


def usual(requests_per_second: int = 510) -> dict[str, Attack]:
    """Half of it on kept connections, half on new ones; one request in 41 is slow."""
    half = requests_per_second // 2
    return {"kept": Attack(half, _MIX, keep=True), "new": Attack(half, _MIX, keep=False)}


@dataclass
class Result:
    """What came of a load: filled when it has ended.

    Attributes:
        outcomes: of each request, by time.
        refused: connections that nobody took.
        cut: connections that were reset.
        late_seconds: by how much the load itself was late at most.
        starved: share of the time in which something on its node waited for a processor.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    opened: int = 0
    refused: int = 0
    cut: int = 0
    late_seconds: float = 0
    starved: float = 0


class Loader:
    """A pod that can attack."""

    def __init__(self, release: Release, vegeta: str) -> None:
        self._release = release
        resources = {"requests": {"cpu": "200m", "memory": "256Mi"}}
        pod = restricted_pod("load", [WAIT], resources, folder=FOLDER)
        release.kubectl("apply", "-f", "-", stdin=json.dumps(pod))
        until(lambda: self._status().get("phase") == "Running", 60, "the load's pod running")
        with Path(vegeta).open("rb") as program:
            subprocess.run(self._exec("python3", "-c", RECEIVE), stdin=program, check=True)

    @property
    def node(self) -> str:
        """Where it runs."""
        return str(self._release.get("pod", "load")["spec"]["nodeName"])

    def service_address(self) -> str:
        """The Service's virtual address."""
        spec = self._release.get("service")["spec"]
        return f"{spec['clusterIP']}:{spec['ports'][0]['port']}"

    def post(self, address: str, path: str) -> None:
        """Send one request, and do not care for its answer."""
        script = f"import urllib.request as r; r.urlopen('http://{address}{path}', b'', timeout=20)"
        subprocess.run(self._exec("python3", "-c", script), capture_output=True, check=False)

    @contextlib.contextmanager
    def attacking(self, attacks: dict[str, Attack], address: str = "") -> Iterator[Result]:
        """Send the load meanwhile; what came of it is there afterwards."""
        address = address or self.service_address()
        encoded = json.dumps({name: each.encoded(address) for name, each in attacks.items()})
        command = self._exec("python3", "-c", LOADER, PROGRAM, encoded)
        result = Result()
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "attacking\n"
            yield result
            printed, _ = process.communicate()
        result.outcomes, last = decoded(printed.splitlines())
        assert {0} == set(last["codes"])
        _assert_complete(result.outcomes)
        result.opened, result.refused = int(last["ActiveOpens"]), int(last["AttemptFails"])
        result.cut, result.starved = int(last["EstabResets"]), last["waited"] / last["time"]
        rates = {name: float(each.rate) for name, each in attacks.items()}
        result.late_seconds = lateness_seconds(result.outcomes, rates)

    def _exec(self, *command: str) -> list[str]:
        namespace = self._release.namespace
        return ["kubectl", "-n", namespace, "exec", "-i", "load", "--", *command]

    def _status(self) -> Any:
        return self._release.get("pod", "load")["status"]


def _assert_complete(outcomes: list[Outcome]) -> None:
    """Every request that was sent has an outcome."""
    numbers: dict[str, list[int]] = {}
    for each in outcomes:
        numbers.setdefault(each.load, []).append(each.number)
    for found in numbers.values():
        assert list(range(len(found))) == sorted(found)
