"""The other bill: the nodes that the pods need."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rookery.cost.pods import Requests
from rookery.cost.quantities import GIB, quantity
from rookery.cost.refusal import Refusal

MOST_PODS = 110  # the kubelet's default
LAG_SECONDS = 600  # the cluster autoscaler's scale-down-unneeded-time
_MIB = 1 / 1024
# What GKE keeps for the system: the share of each further slice, and for memory the eviction's.
_VCPU_SLICES = ((1, 0.06), (1, 0.01), (2, 0.005), (math.inf, 0.0025))
_GIB_SLICES = ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06), (math.inf, 0.02))
_EVICTION_GIB = 100 * _MIB


@dataclass(frozen=True)
class Node:
    """A kind of node.

    Attributes:
        size: what it has, and what is paid for.
    """

    size: Requests

    @property
    def room(self) -> Requests:
        """What it has for pods, after what GKE keeps for the system."""
        memory = self.size.gib - _kept(self.size.gib, _GIB_SLICES) - _EVICTION_GIB
        return Requests(self.size.vcpus - _kept(self.size.vcpus, _VCPU_SLICES), max(memory, 0))

    def holds(self, pod: Requests, beside: Requests = Requests()) -> int:  # noqa: B008  # frozen
        """How many pods like `pod` fit, with `beside` on every node."""
        free = Requests(self.room.vcpus - beside.vcpus, self.room.gib - beside.gib)
        return min(_fit(free.vcpus, pod.vcpus), _fit(free.gib, pod.gib), MOST_PODS)


SMALL = Node(Requests(2, 8))


def node_of(text: str) -> Node:
    """The node that `VCPUS:MEMORY` is, as 2:8Gi.

    Raises:
        Refusal: It is none.
    """
    vcpus, _, memory = text.partition(":")
    size = Requests(quantity(vcpus, "--node"), quantity(memory, "--node") / GIB)
    if size.vcpus == 0 or size.gib == 0:
        raise Refusal(f"--node is {text!r}: give vCPUs and memory as 2:8Gi")
    return Node(size)


def count(pods: list[tuple[Requests, int]], node: Node, beside: Requests = Requests()) -> int:  # noqa: B008  # frozen
    """How many nodes hold all pods: the largest first, each where it fits first.

    Args:
        pods: What a pod asks for, and how many are alike.
        node: The kind of node.
        beside: What runs on every node, as DaemonSets do.

    Raises:
        Refusal: A pod fits on no node.
    """
    free: list[list[float]] = []
    empty = [node.room.vcpus - beside.vcpus, node.room.gib - beside.gib, MOST_PODS]
    for pod, number in sorted(pods, key=lambda each: -_size(each[0], node)):
        left = number
        for room in free:
            left -= _place(pod, left, room)
        while left > 0:
            free.append(empty.copy())
            placed = _place(pod, left, free[-1])
            if not placed:
                raise Refusal(
                    f"a pod of {pod.vcpus:g} vCPU and {pod.gib:g} GiB does not fit on a node of"
                    f" {node.size.vcpus:g} and {node.size.gib:g}: give a larger one by --node"
                )
            left -= placed
    return len(free)


def paid(nodes: npt.NDArray[np.int64], step_seconds: float) -> npt.NDArray[np.int64]:
    """Nodes over time as they are paid for: an empty one goes only after ten minutes.

    Args:
        nodes: How many are needed in each step; shape (steps,).
        step_seconds: The length of a step.
    """
    lasting = nodes.copy()
    for late in range(1, math.ceil(LAG_SECONDS / step_seconds) + 1):
        np.maximum(lasting[late:], nodes[:-late], out=lasting[late:])
    return lasting


def _place(pod: Requests, left: int, room: list[float]) -> int:
    placed = min(left, _fit(room[0], pod.vcpus), _fit(room[1], pod.gib), int(room[2]))
    for at, used in enumerate((pod.vcpus, pod.gib, 1)):
        room[at] -= placed * used
    return placed


def _fit(free: float, asked: float) -> int:
    # a thousandth of a millicore forgives what floats lose
    return MOST_PODS if asked == 0 else max(math.floor(free / asked + 1e-6), 0)


def _size(pod: Requests, node: Node) -> float:
    return max(pod.vcpus / node.size.vcpus, pod.gib / node.size.gib)


def _kept(amount: float, slices: tuple[tuple[float, float], ...]) -> float:
    kept = 0.0
    for width, share in slices:
        kept += min(amount, width) * share
        amount = max(amount - width, 0)
    return kept
