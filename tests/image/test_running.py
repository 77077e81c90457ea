"""The image, run as platforms run it."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from tests.image.container import HARDENED, IMAGE, Container, runtime
from tests.support import ROOT, until

FIRST = pytest.mark.parametrize("init", [[], ["--init"]], ids=["as PID 1", "under an init"])
HALF_A_CPU = ("--memory=128m", "--cpus=0.5")


def test_serves():
    """Without any option it serves `/test`, these bytes, on port 8123."""
    with Container().serving() as container:
        assert b'{"status":200}' == container.get("/test").content


def test_admin_port():
    """With ROOKERY_ADMIN_PORT metrics and probes are there, and only there."""
    with Container(ROOKERY_ADMIN_PORT="9123").serving() as container:
        for path in ("/metrics", "/livez", "/readyz"):
            assert 200 == container.get(path, 9123).status_code
            assert 404 == container.get(path).status_code


@pytest.mark.parametrize("limits", [(), HALF_A_CPU], ids=["unlimited", "half a CPU"])
def test_hardened(limits):
    """It serves and drains with any user, read-only, with no capability, home or writable mount."""
    with Container(*HARDENED, *limits, ROOKERY_DRAIN_SECONDS="0.5").serving() as container:
        assert b'{"status":200}' == container.get("/test").content
        assert 200 == container.get("/metrics").status_code

        container.signal("TERM")

        assert 0 == container.wait()


def test_nothing_is_writable():
    """The hardened container has no folder at all that its user can write to."""
    script = (
        "import json, os; print(json.dumps([f for f, d, n in os.walk('/') if os.access(f, os.W_OK)"
        " and not f.startswith(('/proc', '/sys', '/dev'))]))"
    )
    with Container(*HARDENED).serving() as container:
        assert [] == container.python(script)


def test_one_process():
    """There is one process, the service, and it is the first."""
    script = (
        "import json, os; print(json.dumps({p: open(f'/proc/{p}/cmdline').read().split(chr(0))[:-1]"
        " for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()}))"
    )
    with Container().serving() as container:
        assert {"1": ["python", "-m", "rookery", "serve"]} == container.python(script)


@FIRST
def test_sigterm_drains(init):
    """SIGTERM begins the drain: not ready, still serving, `Connection: close`; then exit code 0."""
    with Container(*init, ROOKERY_DRAIN_SECONDS="2", ROOKERY_ADMIN_PORT="9123") as container:
        container.serving().signal("TERM")
        until(lambda: container.get("/readyz", 9123).status_code == 503)
        answer = container.get("/test")

        assert (200, "close") == (answer.status_code, answer.headers["connection"])
        assert 0 == container.wait()


@FIRST
def test_second_sigterm(init):
    """A second SIGTERM ends the drain at once, with exit code 0 all the same."""
    with Container(*init, ROOKERY_DRAIN_SECONDS="25") as container:
        container.serving().signal("TERM")
        until(lambda: "draining" in container.log())
        begun = time.monotonic()
        container.signal("TERM")

        assert 0 == container.wait()
        assert time.monotonic() - begun < 5


def test_stop():
    """The runtime's own stop needs no kill."""
    with Container(ROOKERY_DRAIN_SECONDS="0.5").serving() as container:
        runtime("stop", container.id)

        assert 0 == container.wait()


def test_wrong_setting():
    """A wrong setting is exit code 2 and one line that names it, in JSON."""
    with Container(ROOKERY_PORT="banana") as container:
        assert 2 == container.wait()

        (line,) = container.lines()
        assert "critical" == line["level"]
        assert "ROOKERY_PORT is 'banana'" in line["message"]


def test_port_in_use():
    """A port that another process has is exit code 3 and one line, in JSON."""
    with (
        Container().serving() as first,
        Container(f"--network=container:{first.id}") as second,
    ):
        assert 3 == second.wait()

        (line,) = second.lines()
        assert "address already in use" in line["message"]


RAISES = """
import rookery

app = rookery.create_app()


@app.get("/test")
async def test():
    return {"status": 200}


@app.get("/raises")
async def raises():
    raise RuntimeError("on purpose")
"""


def test_every_line_is_json(tmp_path):
    """Start, requests, a traceback and the stop: each line is one JSON object, its time in UTC.

    The code comes from a file that is mounted over the image's, which its .pyc must not hide.
    """
    file = tmp_path / "app.py"
    file.write_text(RAISES)
    file.chmod(0o644)
    mounted = f"--volume={file}:/code/src/app.py:ro"
    with Container(mounted, TZ="Asia/Kolkata", ROOKERY_DRAIN_SECONDS="0.2") as container:
        container.serving()
        assert 500 == container.get("/raises").status_code
        container.signal("TERM")
        assert 0 == container.wait()
        lines = container.lines()

    assert "listening" in lines[0]["message"]
    assert "stopped" == lines[-1]["message"]
    (raised,) = [line for line in lines if "traceback" in line]
    assert "RuntimeError: on purpose" in raised["traceback"]
    for line in lines:
        written = datetime.fromisoformat(line["time"])
        assert timedelta(0) == written.utcoffset()
        assert abs(datetime.now(UTC) - written) < timedelta(minutes=1)
        assert line["level"] in ("info", "error")


def test_time_without_home():
    """A zone that TZ does not know is no reason to fail."""
    with Container(*HARDENED, TZ="Nowhere/Land").serving() as container:
        assert re.match(r".*\+00:00$", container.lines()[0]["time"])


def test_other_commands():
    """The entry point is the command line: arguments replace `serve`."""
    assert "usage: rookery" in runtime("run", "--rm", IMAGE, "--help")


def test_mounted_checkout(tmp_path):
    """A checkout mounted over /code is what is served."""
    source = tmp_path / "src"
    files = [ROOT / "src/app.py", *(ROOT / "src/rookery").glob("*.py")]
    for file in files:
        copy = source / file.relative_to(ROOT / "src")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(file.read_text().replace("status: int = 200", "status: int = 299"))
    tmp_path.chmod(0o755)
    with Container(f"--volume={tmp_path}:/code").serving() as container:
        assert b'{"status":299}' == container.get("/test").content
