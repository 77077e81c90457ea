"""How the service's containers have ended, as the cluster tells before it forgets their pods."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.cluster.cluster import SELECTOR, Release

_STATE = ".status.containerStatuses[0]"
_COLUMNS = (
    ".metadata.name",
    ".metadata.deletionTimestamp",
    f"{_STATE}.state.terminated.exitCode",
    f"{_STATE}.restartCount",
    f"{_STATE}.lastState.terminated.exitCode",
    f"{_STATE}.lastState.terminated.reason",
)
_LINE = "".join(f"{{{column}}}," for column in _COLUMNS) + "{'\\n'}"


@dataclass
class Ends:
    """What was seen of the pods.

    Attributes:
        deleted: pods that were told to go.
        codes: exit code of each that has ended.
        crashes: exit code and reason of each whose container has ended and was started again.
        restarts: how often containers had been started again when they were first seen.
    """

    deleted: set[str] = field(default_factory=set)
    codes: dict[str, int] = field(default_factory=dict)
    crashes: dict[str, tuple[int, str]] = field(default_factory=dict)
    restarts: dict[str, int] = field(default_factory=dict)

    def note(self, line: str) -> None:
        """Note one line of the watch."""
        name, deleted, code, restarts, last_code, reason, _ = line.split(",")
        known = self.restarts.setdefault(name, int(restarts or 0))
        if deleted:
            self.deleted.add(name)
        if code:
            self.codes[name] = int(code)
        if int(restarts or 0) > known and last_code:
            self.crashes[name] = (int(last_code), reason)

    def missing(self) -> set[str]:
        """Pods that were told to go, and whose end was not seen."""
        return self.deleted - self.codes.keys()


@contextlib.contextmanager
def watched(release: Release) -> Iterator[Ends]:
    """Watch the pods meanwhile."""
    ends = Ends()
    options = ["-l", SELECTOR, "--watch", f"-o=jsonpath={_LINE}"]
    command = ["kubectl", "-n", release.namespace, "get", "pods", *options]

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            ends.note(line)

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield ends
        finally:
            process.terminate()
            thread.join()
