"""The life of the process: start, drain, stop, and its exit codes."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time

import pytest
from tests.support import ROOT, Process, environment, read_all, settings, until

from rookery import create_app
from rookery.server import Server

SERVICE = """
import asyncio
from rookery import create_app

app = create_app()
state = {}

@app.get("/slow/{seconds}")
async def slow(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "done"

nothing = object()
"""


@pytest.fixture
def service(tmp_path, monkeypatch):
    """The name of an application that can be slow."""
    (tmp_path / "slow_service.py").write_text(SERVICE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "slow_service:app"


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "rookery", *arguments],
        env=environment(ROOKERY_LOG_FORMAT="json", **variables),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def stopped_meanwhile(service: str, seconds: int, **variables: str) -> tuple[bytes, int]:
    """The answer to a request during which SIGTERM comes, and the exit code."""
    with Process(service, ROOKERY_DRAIN_SECONDS="0", **variables) as process:
        with process.connection() as connection:
            connection.sendall(f"GET /slow/{seconds} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            time.sleep(0.2)
            process.popen.send_signal(signal.SIGTERM)
            answer = read_all(connection)
        return answer, process.end()[0]


def until_printed(process: Process, text: str) -> None:
    """Read what a process prints until `text` is a line of it."""
    assert process.popen.stdout is not None
    assert any(line == f"{text}\n" for line in process.popen.stdout)


def test_drain():
    """After SIGTERM: not ready, yet answering with `Connection: close`; then exit code 0."""
    with Process(ROOKERY_DRAIN_SECONDS="1") as process:
        before = process.get("/test")
        process.popen.send_signal(signal.SIGTERM)
        until(lambda: process.get("/readyz", process.admin_port).status_code == 503)
        during = process.get("/test")
        alive = process.get("/livez", process.admin_port).status_code
        code, lines = process.end()

    assert "connection" not in before.headers
    assert (200, "close", 200) == (during.status_code, during.headers["connection"], alive)
    assert 0 == code
    assert [line["message"] for line in map(json.loads, lines) if line["logger"] == "rookery"][
        1:
    ] == ["draining for 1 s", "no longer listening, 0 requests in flight", "stopped"]


def test_requests_in_flight_are_finished(service):
    """A request that is under way when listening ends is answered whole."""
    answer, code = stopped_meanwhile(service, seconds=1)

    assert answer.endswith(b'"done"')
    assert 0 == code


def test_time_to_stop_is_bounded(service):
    """A request that takes too long to end gets a 503, and the exit code is 0 all the same."""
    answer, code = stopped_meanwhile(service, seconds=60, ROOKERY_STOP_TIMEOUT_SECONDS="0.3")

    assert answer.startswith(b"HTTP/1.1 503 ")
    assert 0 == code


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGTERM, signal.SIGTERM), (signal.SIGINT,), (signal.SIGTERM, signal.SIGINT)],
)
def test_stop_at_once(signals):
    """A second SIGTERM, or Ctrl+C, ends a long drain; it is still an orderly stop."""
    with Process(ROOKERY_DRAIN_SECONDS="60") as process:
        for each in signals:
            process.popen.send_signal(each)
            time.sleep(0.2)
        code, _ = process.end()

    assert 0 == code


def test_forced_stop(service):
    """Ctrl+C twice ends even what is in flight."""
    with Process(service) as process, process.connection() as connection:
        connection.sendall(b"GET /slow/60 HTTP/1.1\r\nHost: a\r\n\r\n")
        for _ in range(2):
            time.sleep(0.3)
            process.popen.send_signal(signal.SIGINT)
        code, _ = process.end()

    assert 0 == code


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_stop_while_starting(tmp_path, monkeypatch, sig):
    """A start that waits in vain ends by a signal, at once, as a stop; contexts are left."""
    (tmp_path / "waiting.py").write_text(
        "import asyncio, contextlib\n"
        "from rookery import create_app\n"
        "@contextlib.asynccontextmanager\n"
        "async def lifespan(app):\n"
        "    try:\n"
        "        print('connecting', flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "        yield\n"
        "    finally:\n"
        "        print('left', flush=True)\n"
        "app = create_app(lifespan=lifespan)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = Process("waiting:app", ROOKERY_DRAIN_SECONDS="60")
    until_printed(process, "connecting")
    process.popen.send_signal(sig)
    code, lines = process.end()

    assert 0 == code
    assert "left" in lines
    assert any("stopped while starting" in line for line in lines)


async def test_stop_as_the_start_ends():
    """A signal that comes with the last step of the start cancels nothing that follows."""
    app = create_app(settings())
    server = Server(app, app.state.rookery)
    task = asyncio.current_task()
    server._starting = task
    server.handle_exit(signal.SIGTERM, None)
    server._starting = None
    await asyncio.sleep(0)

    assert 0 == task.cancelling()


def test_stop_while_importing(tmp_path, monkeypatch):
    """SIGTERM ends a process that has not yet come to serve, with exit code 0."""
    (tmp_path / "importing.py").write_text(
        "import time\nprint('importing', flush=True)\ntime.sleep(60)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    process = Process("importing:app")
    until_printed(process, "importing")
    process.popen.send_signal(signal.SIGTERM)

    assert 0 == process.end()[0]


@pytest.mark.parametrize("variable", ["ROOKERY_PORT", "ROOKERY_ADMIN_PORT"])
def test_port_in_use(variable):
    """A port that is taken is one sentence that names its setting, and exit code 3."""
    other = {"ROOKERY_PORT": "0", "ROOKERY_ADMIN_PORT": "0"}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("serve", **other | {variable: str(port), "ROOKERY_HOST": "127.0.0.1"})
    [line] = ended.stdout.splitlines()

    assert 3 == ended.returncode
    assert "" == ended.stderr
    assert (
        f"cannot listen on 127.0.0.1 port {port}: address already in use; stop what is there, or "
        f"choose another address by {variable} and ROOKERY_HOST"
    ) == json.loads(line)["message"]


def test_host_of_another_machine():
    """An address that is not this machine's is refused likewise."""
    ended = run("serve", ROOKERY_HOST="not a host", ROOKERY_PORT="0")

    assert 3 == ended.returncode
    assert "cannot listen on not a host port 0: " in json.loads(ended.stdout)["message"]


def test_wrong_setting():
    """A wrong setting is one sentence before anything listens, and exit code 2."""
    ended = run("serve", ROOKERY_PORT="abc")
    [line] = ended.stdout.splitlines()

    assert 2 == ended.returncode
    assert "" == ended.stderr
    assert json.loads(line)["message"].startswith("ROOKERY_PORT is 'abc': ")


def test_wrong_setting_under_plain_uvicorn():
    """Served by uvicorn itself, a wrong setting is the same sentence and code."""
    ended = subprocess.run(
        [sys.executable, "-m", "uvicorn", "src.app:app"],
        env=environment(ROOKERY_DRAIN_SECONDS="soon"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert 2 == ended.returncode
    assert "ROOKERY_DRAIN_SECONDS is 'soon': " in ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nowhere:app", 'nowhere:app is no application: Could not import module "nowhere".'),
        (
            "slow_service:missing",
            (
                "slow_service:missing is no application: "
                'Attribute "missing" not found in module "slow_service".'
            ),
        ),
        (
            "slow_service:nothing",
            (
                "slow_service:nothing is no application of this chassis: "
                "make it with rookery.create_app()"
            ),
        ),
    ],
)
@pytest.mark.usefixtures("service")
def test_wrong_application(tmp_path, target, reason):
    """An application that cannot be served is one sentence, and exit code 2."""
    ended = run("serve", target, PYTHONPATH=str(tmp_path))

    assert 2 == ended.returncode
    assert reason == json.loads(ended.stdout)["message"]


def test_failed_start(tmp_path):
    """A start that fails in the service's own lifespan is exit code 3, with its traceback."""
    (tmp_path / "failing.py").write_text(
        "import contextlib\n"
        "from rookery import create_app\n"
        "@contextlib.asynccontextmanager\n"
        "async def lifespan(app):\n"
        "    raise RuntimeError('no database')\n"
        "    yield\n"
        "app = create_app(lifespan=lifespan)\n"
    )
    ended = run("serve", "failing:app", PYTHONPATH=str(tmp_path), ROOKERY_PORT="0")

    assert 3 == ended.returncode
    assert all(json.loads(line) for line in ended.stdout.splitlines())
    assert "no database" in ended.stdout
