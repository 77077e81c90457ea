"""The README's promise: in a fresh clone its lines work as they stand, each by itself.

Needs a package registry, port 8123, and some minutes: run by `make test-fresh`.
"""

import os
import signal
import subprocess

import httpx
import pytest
from tests.support import ROOT, environment, until

if "FRESH" not in os.environ:
    pytest.skip("slow; `make test-fresh` runs it", allow_module_level=True)

INSTALL = "python3 -m venv venv && source venv/bin/activate && pip install -r requirements.txt"
SERVE = "uvicorn src.app:app --host 0.0.0.0 --port 8123 --reload"
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A fresh clone of what is committed."""
    folder = tmp_path_factory.mktemp("fresh") / "rookery"
    subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    return folder


def fresh_environment() -> dict[str, str]:
    """The environment of somebody who has just opened a terminal."""
    variables = environment()
    for name in (
        "FRESH",
        "NO_SKIPS",
        "VIRTUAL_ENV",
        "COVERAGE_PROCESS_CONFIG",
        "MAKEFLAGS",
        "MAKELEVEL",
    ):
        variables.pop(name, None)
    ours = str(ROOT / "venv")
    folders = [each for each in variables["PATH"].split(":") if not each.startswith(ours)]
    return variables | {"PATH": ":".join(folders)}


def shell(folder, *lines: str) -> str:
    """What `lines` print, typed into one terminal; an error when one fails."""
    script = "\n".join(["set -e", *lines])
    ended = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=fresh_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == ended.returncode, ended.stdout[-4000:] + ended.stderr[-4000:]
    return ended.stdout


class Terminal:
    """A command that serves on port 8123 until the block ends, by Ctrl+C."""

    def __init__(self, folder, line: str) -> None:
        self.popen = subprocess.Popen(
            ["bash", "-c", line], cwd=folder, env=fresh_environment(), start_new_session=True
        )

    def __enter__(self) -> None:
        until(lambda: answer("/test"), seconds=180)

    def __exit__(self, *_: object) -> None:
        os.killpg(self.popen.pid, signal.SIGINT)
        self.popen.wait(timeout=30)


def answer(path: str) -> bytes:
    """What the service answers, or nothing while it does not."""
    try:
        return httpx.get(f"http://localhost:8123{path}").content
    except httpx.TransportError:
        return b""


def test_lines_stand_in_the_readme():
    """The lines that these tests run are those that the README shows."""
    for line in (INSTALL, SERVE, "pytest tests/", "make run", "curl localhost:8123/test"):
        assert line in README


def test_pip_uvicorn_curl(clone):
    """With pip alone: install, serve, see the docs, and see an edit without a restart."""
    shell(clone, INSTALL)
    service = clone / "src" / "app.py"
    source = service.read_text()
    with Terminal(clone, f"source venv/bin/activate && exec {SERVE}"):
        printed = shell(clone, "curl --silent localhost:8123/test")
        docs = answer("/docs")
        service.write_text(source.replace("status: int = 200", "status: int = 201"))
        until(lambda: answer("/test") == b'{"status":201}', seconds=30)
        service.write_text(source)

    assert '{"status":200}' == printed
    assert b"swagger-ui" in docs


def test_pytest(clone):
    """The tests run by pytest alone: all of them, and a single one."""
    activated = "source venv/bin/activate"
    one = shell(clone, activated, "pytest -q tests/unit/test_app.py::test_answer_is_exact")
    every = shell(clone, activated, "pytest -q tests/")

    assert "1 passed" in one
    assert " passed" in every


def test_make_run(clone):
    """`make run` serves, with nothing installed before."""
    shell(clone, "make clean")
    with Terminal(clone, "exec make run"):
        assert b'{"status":200}' == answer("/test")
