"""What a pod asks for, as the scheduler counts it."""

from dataclasses import dataclass
from typing import Any, Self

from rookery.cost.quantities import GIB, quantity


@dataclass(frozen=True)
class Requests:
    """What is reserved on a node, and so paid for.

    Attributes:
        vcpus: processors.
        gib: memory in GiB.
    """

    vcpus: float = 0
    gib: float = 0

    def __add__(self, other: Self) -> "Requests":
        return Requests(self.vcpus + other.vcpus, self.gib + other.gib)

    def least_upper_bound(self, other: "Requests") -> "Requests":
        """The greater of both, resource by resource."""
        return Requests(max(self.vcpus, other.vcpus), max(self.gib, other.gib))


def requests_of(spec: dict[str, Any], what: str) -> Requests:
    """What a pod of this spec asks for.

    Init containers run before the others, so the greater counts; one with `restartPolicy: Always`
    is a sidecar, which runs beside all that start after it. A limit stands for a request that is
    not there, requests of the pod itself stand for those of its containers, and the overhead of
    its runtime class is added.

    Args:
        spec: The pod's spec.
        what: Whose it is, for the sentence.

    Raises:
        Refusal: A quantity is none.
    """
    running, peak = Requests(), Requests()
    for container in spec.get("initContainers") or []:
        asked = _of_container(container, what)
        if container.get("restartPolicy") == "Always":
            running += asked
            peak = peak.least_upper_bound(running)
        else:
            peak = peak.least_upper_bound(running + asked)
    for container in spec.get("containers") or []:
        running += _of_container(container, what)
    total = _of_pod(spec.get("resources") or {}, running.least_upper_bound(peak), what)
    overhead = spec.get("overhead") or {}
    return total + Requests(
        quantity(overhead.get("cpu", 0), f"{what}: overhead cpu"),
        quantity(overhead.get("memory", 0), f"{what}: overhead memory") / GIB,
    )


def unasked(spec: dict[str, Any]) -> list[str]:
    """Which containers ask for no CPU or no memory, as `web (cpu)`; none if the pod itself asks."""
    pod = spec.get("resources") or {}
    return [
        f"{container.get('name')} ({resource})"
        for container in spec.get("containers") or []
        for resource in ("cpu", "memory")
        if _asked(pod, resource) is None and _asked(container.get("resources"), resource) is None
    ]


def _asked(resources: Any, resource: str) -> Any:
    resources = resources or {}
    limit = (resources.get("limits") or {}).get(resource)
    asked = (resources.get("requests") or {}).get(resource)
    return limit if asked is None else asked


def _of_container(container: dict[str, Any], what: str) -> Requests:
    resources, name = container.get("resources"), f"{what}, container {container.get('name')}"
    return Requests(
        quantity(_asked(resources, "cpu") or 0, f"{name}: cpu"),
        quantity(_asked(resources, "memory") or 0, f"{name}: memory") / GIB,
    )


def _of_pod(resources: dict[str, Any], containers: Requests, what: str) -> Requests:
    """Requests of the pod itself; its limits count only where no container asks for anything."""
    asked, limits = resources.get("requests") or {}, resources.get("limits") or {}
    vcpus = asked.get("cpu", None if containers.vcpus else limits.get("cpu"))
    memory = asked.get("memory", None if containers.gib else limits.get("memory"))
    return Requests(
        containers.vcpus if vcpus is None else quantity(vcpus, f"{what}: cpu"),
        containers.gib if memory is None else quantity(memory, f"{what}: memory") / GIB,
    )
