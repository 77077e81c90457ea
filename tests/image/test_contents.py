"""What is in the image, and what is not."""

import json

import pytest
from tests.image.container import HARDENED, IMAGE, config, python, runtime

# of this Python: our stand-in's standard library is larger than the official image's by a little
MOST_BYTES_ADDED = 40 * 1024**2
MOST_BYTES = 190 * 1024**2

LABELS = ["title", "description", "licenses", "source", "version", "revision", "created"]
LABELS += ["base.name", "base.digest"]

WALK = """
import json, os, stat
def files(*roots):
    for root in roots:
        for folder, folders, names in os.walk(root):
            folders[:] = [f for f in folders if os.path.join(folder, f) not in ('/proc', '/sys')]
            yield folder
            yield from (os.path.join(folder, name) for name in names)
"""


def test_user():
    """The user is a number other than 0, as `runAsNonRoot` needs it, and so is the group."""
    assert "65532:65532" == config()["User"]


def test_entrypoint():
    """The first process is the service itself: no shell stands between it and a signal."""
    assert ["python", "-m", "rookery"] == config()["Entrypoint"]
    assert ["serve"] == config()["Cmd"]


def test_ports_and_stop_signal():
    """It says which port it serves, and which signal stops it."""
    assert "8123/tcp" in config()["ExposedPorts"]
    assert config().get("StopSignal", "SIGTERM") in ("SIGTERM", "15")


@pytest.mark.parametrize("name", LABELS)
def test_labels(name):
    """It says what it is, of which source and on which base, by the OCI convention."""
    assert config()["Labels"][f"org.opencontainers.image.{name}"]


def test_revision():
    """The service knows the revision that the label names."""
    revision = config()["Labels"]["org.opencontainers.image.revision"]

    assert f"ROOKERY_REVISION={revision}" in config()["Env"]


def test_setuid():
    """No program gives its caller another user or group."""
    script = (
        WALK
        + "print(json.dumps([p for p in files('/') if not os.path.islink(p)"
        + " and os.path.isfile(p) and os.stat(p).st_mode & 0o6000]))"
    )

    assert [] == python(script, "--user=0")


@pytest.mark.parametrize("user", ["65532:65532", "1000810000:0"])
def test_nothing_writable(user):
    """The service can change neither its code nor its packages, whichever user runs it."""
    script = (
        WALK
        + "print(json.dumps([p for p in files('/code', '/opt', '/usr', '/etc')"
        + " if not os.path.islink(p) and os.access(p, os.W_OK)]))"
    )

    assert [] == python(script, f"--user={user}")


def test_readable():
    """Any user can read every file of the code, whatever umask the checkout had."""
    script = (
        WALK
        + "print(json.dumps([p for p in files('/code', '/opt/venv') if not os.access(p, os.R_OK)]))"
    )

    assert [] == python(script, *HARDENED)


def test_no_tools():
    """There is nothing to install or to build with."""
    tools = ["pip", "pip3", "uv", "gcc", "cc", "make", "git", "curl", "wget"]
    modules = ["pip", "ensurepip", "setuptools", "wheel", "uv"]
    script = (
        "import importlib.util, json, shutil;"
        f"print(json.dumps([t for t in {tools} if shutil.which(t)]"
        f"+ [m for m in {modules} if importlib.util.find_spec(m)]))"
    )

    assert [] == python(script)


def test_only_the_code():
    """/code has the code and nothing else: no tests, documents, secrets or history."""
    script = (
        WALK
        + "print(json.dumps(sorted({os.path.relpath(p, '/code') for p in files('/code')"
        + " if os.path.isfile(p) and not p.startswith('/code/src/')})))"
    )
    kinds = (
        WALK
        + "print(json.dumps(sorted({os.path.splitext(p)[1] for p in files('/code')"
        + " if os.path.isfile(p)})))"
    )

    assert [] == python(script)
    assert [".py", ".pyc"] == python(kinds)


@pytest.mark.parametrize(("folder", "flags"), [("/code/src", 3), ("/opt/venv/lib", 1)])
def test_compiled(folder, flags):
    """Every module is compiled; the code's are compared with the source, the packages' are not.

    Neither is told by time, which a builder rewrites to get the same digest twice.
    """
    script = (
        WALK
        + "from importlib.util import cache_from_source\n"
        + "def flags(p):\n"
        + "    try: return open(cache_from_source(p), 'rb').read()[4]\n"
        + "    except OSError: return None\n"
        + f"print(json.dumps([p for p in files({folder!r}) if p.endswith('.py')"
        + f" and flags(p) != {flags}]))"
    )

    assert [] == python(script)


def test_start_compiles_nothing():
    """The start finds all it imports compiled, the standard library's part too."""
    traced = runtime(
        *("run", "--rm", *HARDENED, "--entrypoint=python", IMAGE),
        *("-v", "-c", "import src.app, rookery.server"),
    )
    loaded = [line for line in traced.splitlines() if line.startswith("# code object from ")]

    assert [] == [line for line in loaded if line.endswith(".py")]
    assert 300 < len(loaded)


def test_size():
    """It stays small: what we add to the base is the packages, and most of these is uvloop."""
    script = (
        WALK
        + "print(json.dumps([sum(os.lstat(p).st_size for p in files(*roots))"
        + " for roots in (['/code', '/opt/venv'], ['/'])]))"
    )
    added, total = python(script, "--user=0")

    assert added <= MOST_BYTES_ADDED
    assert total <= MOST_BYTES


def test_no_history_of_secrets():
    """No layer's command names a token or a password."""
    history = runtime("history", "--no-trunc", "--format={{json .CreatedBy}}", IMAGE).lower()

    assert [] == [word for word in ("token", "password", "secret") if word in json.dumps(history)]
