"""What several tests need: an application served for real, and raw bytes sent to it."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx
from fastapi import FastAPI

from rookery import Settings
from rookery.server import Server

ROOT = Path(__file__).parent.parent
QUIET: dict[str, Any] = {"access_log": False, "log_level": "error", "drain_seconds": 0}


def settings(**changes: Any) -> Settings:
    """Settings for a test: a free port, no log lines, no drain."""
    return Settings(**{"port": 0, "host": "127.0.0.1", **QUIET, **changes})


@contextlib.contextmanager
def serving(app: FastAPI) -> Iterator[httpx.Client]:
    """Serve `app` on a free port from a thread; gives a client of it."""
    server = Server(app, app.state.rookery)
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive())
            with httpx.Client(base_url=f"http://127.0.0.1:{sock.getsockname()[1]}") as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait until `condition` holds; an error when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def port_of(client: httpx.Client) -> int:
    """The port that `client` talks to."""
    port = client.base_url.port
    assert port is not None
    return port


def exchange(port: int, request: bytes, seconds: float = 5) -> bytes:
    """Send `request` as it is, and read until the server closes or `seconds` are over."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        with contextlib.suppress(OSError):  # the server may answer and close before all is sent
            connection.sendall(request)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """What arrives until the other side closes, or the connection's time is out."""
    answer = b""
    with contextlib.suppress(OSError):
        while piece := connection.recv(65536):
            answer += piece
    return answer


def status_of(answer: bytes) -> int:
    """The status code of a raw answer; 0 for none."""
    match = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    return int(match[1]) if match else 0


def problem_of(answer: bytes) -> dict[str, Any]:
    """The JSON body of a raw answer."""
    body: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return body


def series(exposition: str) -> dict[str, float]:
    """The series of a scrape, by name with labels."""
    lines = [line for line in exposition.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def environment(**variables: str) -> dict[str, str]:
    """The environment of the tests, without settings of its own, and with `variables`."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("ROOKERY_", "OTEL_"))}
    return inherited | variables


class Process:
    """`python -m rookery serve` with `variables`, from the folder of the repository.

    Attributes:
        port: where it serves; `admin_port`: where its probes are.
    """

    def __init__(self, app: str = "src.app:app", **variables: str) -> None:
        self.port, self.admin_port = free_port(), free_port()
        ports = {"ROOKERY_PORT": str(self.port), "ROOKERY_ADMIN_PORT": str(self.admin_port)}
        self.probes = self.admin_port if variables.get("ROOKERY_ADMIN_PORT", "x") else self.port
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "rookery", "serve", app],
            cwd=ROOT,
            env=environment(ROOKERY_HOST="127.0.0.1", **ports | variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        until(self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        self.popen.kill()
        self.popen.communicate()

    def get(self, path: str, port: int | None = None) -> httpx.Response:
        """Answer of the service, or of its admin port."""
        return httpx.get(f"http://127.0.0.1:{port or self.port}{path}", timeout=5)

    def connection(self) -> socket.socket:
        """A raw connection to the service."""
        return socket.create_connection(("127.0.0.1", self.port))

    def end(self) -> tuple[int, list[str]]:
        """Exit code and lines printed, once it has ended."""
        output, _ = self.popen.communicate(timeout=30)
        return self.popen.returncode, output.splitlines()

    def _answers(self) -> bool:
        with contextlib.suppress(httpx.TransportError):
            return self.get("/readyz", self.probes).status_code == 200
        return False


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
