"""Servers to be measured: started, looked at through /proc, ended."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
HOST = "127.0.0.1"
SERVER_CORE, LOAD_CORE = 0, min(1, (os.cpu_count() or 1) - 1)

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_UVICORN = ("-m", "uvicorn", "--no-access-log", "--log-level", "error", "--host", HOST)


@dataclass(frozen=True)
class Variant:
    """A way to answer `GET /test`: its name in the tables, its application, its settings."""

    name: str
    module: str
    is_ours: bool = False
    settings: dict[str, str] = field(default_factory=dict, hash=False)

    def command(self, port: int) -> list[str]:
        """What starts it on `port`."""
        if self.is_ours:
            return [sys.executable, "-m", "rookery", "serve", f"{self.module}:app"]
        return [sys.executable, *_UVICORN, "--port", str(port), f"{self.module}:app"]


_QUIET = {"ROOKERY_ACCESS_LOG": "0"}
BARE = Variant("bare ASGI on uvicorn", "tests.bench.apps.bare")
FASTAPI = Variant("bare FastAPI", "tests.bench.apps.plain")
INSTRUMENTED = Variant("FastAPI + instrumentator", "tests.bench.apps.instrumented")
OURS = Variant("Rookery, access log off", "src.app", is_ours=True, settings=_QUIET)
OURS_LOGGING = Variant("Rookery, access log on", "src.app", is_ours=True)
OURS_WORKING = Variant("Rookery", "tests.bench.apps.chassis", is_ours=True, settings=_QUIET)


class Server:
    """A process that serves a variant.

    Attributes:
        port: where it answers; `admin_port`: where our probes and metrics are.
    """

    def __init__(self, variant: Variant, core: int | None = SERVER_CORE, **settings: str) -> None:
        self.port, self.admin_port = free_port(), free_port()
        ours = {"HOST": HOST, "PORT": str(self.port), "ADMIN_PORT": str(self.admin_port)}
        variables = {f"ROOKERY_{name}": value for name, value in ours.items()}
        with pinned(core):  # the child inherits it, from its first thread on
            self.popen = subprocess.Popen(
                variant.command(self.port),
                cwd=ROOT,
                env=_clean_environment() | variables | variant.settings | settings,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def until_ready(self, seconds: float = 20) -> None:
        """Wait for the first 200."""
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline or self.popen.poll() is not None:
                raise RuntimeError(f"the server does not answer: {self.popen.args}")
            time.sleep(0.002)

    def answers(self) -> bool:
        """Whether `GET /test` is a 200."""
        with contextlib.suppress(OSError):
            return get(self.port, "/test")[0] == 200
        return False

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far."""
        fields = self._proc("stat").rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND

    def rss_mib(self) -> float:
        """Memory that is resident."""
        pages = int(self._proc("statm").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def terminate(self) -> None:
        """Send SIGTERM, and wait for nothing."""
        self.popen.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.popen.kill()
        self.popen.wait()

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.popen.pid}/{name}").read_text()


@contextlib.contextmanager
def serving(variant: Variant, **options: str) -> Iterator[Server]:
    """A server that answers, until the block ends."""
    server = Server(variant, **options)
    try:
        server.until_ready()
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def pinned(core: int | None) -> Iterator[None]:
    """Run the block, and what it starts, on one core; on any for None."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1) if core is None else {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def get(port: int, path: str, timeout: float = 5) -> tuple[int, bytes]:
    """Status and body of one request on a connection of its own."""
    connection = http.client.HTTPConnection(HOST, port, timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        port: int = sock.getsockname()[1]
        return port


def _clean_environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("ROOKERY_", "OTEL_"))}
