"""The Dockerfile, built by IMAGE_BUILD: the README's lines, the digest, the tracing variant."""

import os
import shlex
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from tests.image.container import BUILDER, HARDENED, RUNTIME, Container, build, config, runtime
from tests.support import ROOT, free_port, until

TRACING = "localhost/rookery-tracing:test"
LINES = [
    "docker build -t project_image -f Dockerfile .",
    "docker run -d -p 8123:8123 -v $(pwd):/code --name project_container project_image",
]


pytestmark = pytest.mark.skipif(not BUILDER, reason="IMAGE_BUILD names no builder")


@pytest.fixture
def checkout(tmp_path):
    """What is committed or about to be, and nothing that git ignores, in a folder of its own."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folder = tmp_path / "checkout"
    for name in filter(None, names.split("\0")):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy)
    for parent in (folder, *list(folder.parents)[:2]):
        parent.chmod(0o755)  # pytest's folders are private, and the image's user is another
    return folder


@pytest.fixture
def shell(checkout, tmp_path):
    """Runs a line in the checkout, where `docker` is the builder and the runtime of the tests."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = build ]; then shift; exec {shlex.join(BUILDER)} "$@"; fi\n'
        f'exec {shlex.join(RUNTIME)} "$@"\n'
    )
    docker.chmod(0o755)
    variables = os.environ | {"PATH": f"{docker.parent}:{os.environ['PATH']}"}

    def run(line: str) -> None:
        subprocess.run(["bash", "-ec", line], cwd=checkout, env=variables, check=True)

    return run


def test_lines_of_the_readme(checkout, shell):
    """The README's lines work as they stand, and an edit of `src/app.py` is what is served."""
    assert [line for line in LINES if line not in (ROOT / "README.md").read_text()] == []
    try:
        for line in LINES:
            shell(line)
        until(lambda: b'{"status":200}' == _served(8123))

        app = checkout / "src/app.py"
        app.write_text(app.read_text().replace("status: int = 200", "status: int = 201"))
        shell("docker restart --time 10 project_container")

        until(lambda: b'{"status":201}' == _served(8123))
    finally:
        runtime("rm", "--force", "project_container", check=False)


def test_same_digest(checkout, tmp_path):
    """Built twice from nothing, it is the same image; documents and tests are no part of it."""
    first = _built(checkout, tmp_path / "first", "--no-cache")
    (checkout / "README.md").write_text("Another text.")
    (checkout / "tests" / "test_more.py").write_text("")
    (checkout / "src" / "__pycache__").mkdir(exist_ok=True)
    (checkout / "src" / "__pycache__" / "app.cpython-313.pyc").write_bytes(b"stale")
    (checkout / "src" / "app.py").chmod(0o600)
    os.utime(checkout / "src" / "app.py", (0, 1_000_000_000))
    second = _built(checkout, tmp_path / "second", "--no-cache")

    assert first == second


def test_arguments(checkout, tmp_path):
    """What the build is told is in the labels, and the revision in the environment."""
    told = {"REVISION": "abc", "VERSION": "1.2.3", "SOURCE": "https://example.org/r"}
    image = _built(checkout, tmp_path / "id", *(f"--build-arg={k}={v}" for k, v in told.items()))
    labels = config(image)["Labels"]

    assert told == {name: labels[f"org.opencontainers.image.{name.lower()}"] for name in told}
    assert "ROOKERY_REVISION=abc" in config(image)["Env"]


@pytest.fixture(scope="module")
def tracing():
    """An image with the packages for tracing."""
    build("--build-arg=REQUIREMENTS=requirements-otel.lock", f"--tag={TRACING}", folder=ROOT)
    yield TRACING
    runtime("image", "rm", TRACING)


def test_tracing(tracing, collector):
    """With an endpoint in the environment spans arrive there, under the service's name."""
    port = str(free_port())
    variables = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_SERVICE_NAME": "named-by-the-test",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with Container(
        *HARDENED, "--network=host", image=tracing, ROOKERY_PORT=port, **variables
    ) as container:
        until(lambda: b'{"status":200}' == _served(port), seconds=20)
        until(lambda: any(b"/test" in body for _, body in collector.received))
        assert container.lines()

    assert {"/v1/traces"} == {path for path, _ in collector.received}
    assert all(b"named-by-the-test" in body for _, body in collector.received)


def test_tracing_off(tracing):
    """Without an endpoint nothing of OpenTelemetry's SDK is imported, though it is installed."""
    command = ["-X", "importtime", "-m", "rookery", "serve"]
    with Container("--entrypoint=python", image=tracing, command=tuple(command)) as container:
        imported = container.serving().log()

    assert "rookery.server" in imported
    assert "opentelemetry.sdk" not in imported


@pytest.fixture
def collector():
    """An OTLP receiver on a port of its own, which keeps what it gets."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            self.server.received.append((self.path, body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Print nothing."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.received = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _built(folder, identity, *arguments: str) -> str:
    build(*arguments, f"--iidfile={identity}", folder=folder)
    return identity.read_text()


def _served(port: int | str) -> bytes:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/test", timeout=5).content
    except httpx.TransportError:
        return b""
