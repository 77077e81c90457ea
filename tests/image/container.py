"""The image under test, run through docker or what speaks its command line."""

import json
import os
import shlex
import shutil
import subprocess
from typing import Any, Self

import httpx
from tests.support import until

IMAGE = os.environ.get("ROOKERY_IMAGE", "")
BUILDER = shlex.split(os.environ.get("IMAGE_BUILD", ""))
_FOUND = [name for name in ("docker", "podman") if shutil.which(name)][:1]
RUNTIME = shlex.split(os.environ.get("CONTAINER", "")) or _FOUND

# podman would mount writable folders into a read-only container
_READ_ONLY = {"podman": ["--read-only", "--read-only-tmpfs=false"]}
_NAME = os.path.basename(RUNTIME[0]) if RUNTIME else ""  # noqa: PTH119 - a command, not a file
# the strictest platform: any user, root's group, no home, and not even /dev/shm to write to
HARDENED = [
    *_READ_ONLY.get(_NAME, ["--read-only"]),
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--user=1000810000:0",
    "--env=HOME=",
    "--ipc=none",
]


def missing() -> str | None:
    """Why no container can be run here, or None."""
    if not IMAGE:
        return "ROOKERY_IMAGE names no image: `make image test-image`"
    if not RUNTIME or not shutil.which(RUNTIME[0]):
        return "no container runtime: install docker or podman, or name one by CONTAINER"
    found = subprocess.run([*RUNTIME, "image", "inspect", IMAGE], capture_output=True, check=False)
    return f"there is no image {IMAGE}: `make image`" if found.returncode else None


def runtime(*arguments: str, check: bool = True) -> str:
    """What the runtime prints; standard error is with it where that is a container's."""
    return _output([*RUNTIME, *arguments], check=check)


def build(*arguments: str, folder: os.PathLike[str]) -> str:
    """Build the image of `folder`, and give what the builder prints."""
    return _output([*BUILDER, *arguments, "--file", "Dockerfile", "."], folder=folder)


def _output(
    command: list[str], *, check: bool = True, folder: os.PathLike[str] | None = None
) -> str:
    ended = subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert not (check and ended.returncode), f"{shlex.join(command)}\n{ended.stdout}"
    return ended.stdout


def config(image: str = IMAGE) -> dict[str, Any]:
    """What the image says of itself: user, entry point, labels."""
    inspected: dict[str, Any] = json.loads(runtime("image", "inspect", image))[0]["Config"]
    return inspected


def python(script: str, *options: str) -> Any:
    """The JSON that `script` prints, run in the image by its own Python."""
    command = ("run", "--rm", "--entrypoint=python", *options, IMAGE, "-c", script)
    return json.loads(runtime(*command))


class Container:
    """A container of the image, which is removed at the end of the block.

    Args:
        options: of the runtime's `run`.
        command: arguments of the image's entry point.
        image: another one than that under test.
        variables: environment of the service.
    """

    def __init__(
        self, *options: str, command: tuple[str, ...] = (), image: str = IMAGE, **variables: str
    ) -> None:
        environment = [f"--env={name}={value}" for name, value in variables.items()]
        published = ["--publish=127.0.0.1::8123", "--publish=127.0.0.1::9123"]
        if any(option.startswith("--network") for option in options):
            published = []
        self.id = runtime(
            "run", "--detach", *published, *environment, *options, image, *command
        ).split()[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        runtime("kill", self.id, check=False)  # podman's `rm` would wait for the drain
        runtime("rm", "--force", "--volumes", self.id)

    def serving(self) -> Self:
        """Wait until the service answers; an error when it ends instead."""
        until(lambda: self._answers() or not self.running())
        assert self.running(), self.log()
        return self

    def get(self, path: str, port: int = 8123) -> httpx.Response:
        """Answer on `port` of the container."""
        published = runtime("port", self.id, str(port)).split()[0]
        return httpx.get(f"http://{published}{path}", timeout=5)

    def running(self) -> bool:
        """Whether its process still lives."""
        return "true" in runtime("inspect", "--format={{.State.Running}}", self.id)

    def signal(self, name: str) -> None:
        """Send the signal `name` to the first process."""
        runtime("kill", f"--signal={name}", self.id)

    def wait(self) -> int:
        """The exit code, once it has ended."""
        until(lambda: not self.running(), seconds=30)
        return int(runtime("inspect", "--format={{.State.ExitCode}}", self.id))

    def log(self) -> str:
        """All that it printed so far, on either stream."""
        return runtime("logs", self.id)

    def lines(self) -> list[dict[str, Any]]:
        """Its log, which has to be a JSON object a line."""
        return [json.loads(line) for line in self.log().splitlines()]

    def python(self, script: str) -> Any:
        """The JSON that `script` prints, run beside the service."""
        return json.loads(runtime("exec", self.id, "python", "-c", script))

    def _answers(self) -> bool:
        try:
            return self.get("/test").status_code == 200
        except httpx.TransportError:
            return False
