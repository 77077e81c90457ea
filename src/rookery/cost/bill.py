"""The monthly bill of workloads, at least and at most, and how it differs from another."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from rookery.cost import nodes
from rookery.cost.manifests import Manifests, Workload
from rookery.cost.nodes import Node
from rookery.cost.pods import Requests
from rookery.cost.prices import Sheet
from rookery.cost.quantities import HOURS_A_MONTH


@dataclass(frozen=True)
class Range:
    """Two amounts.

    Attributes:
        least: at the fewest pods.
        most: with every autoscaler at its maximum, all month.
    """

    least: float = 0
    most: float = 0

    def __add__(self, other: "Range") -> "Range":
        return Range(self.least + other.least, self.most + other.most)

    def __sub__(self, other: "Range") -> "Range":
        return Range(self.least - other.least, self.most - other.most)


@dataclass(frozen=True)
class Bill:
    """What manifests cost a month, in the currency of the sheet.

    Attributes:
        sheet: the prices.
        spot_share: which share of it is on spot nodes.
        node: the kind of node.
        workloads: what was priced, by name.
        items: the price of each workload's pods, by name.
        node_count: how many nodes hold the pods, at the least and at the most.
        remarks: what to say beside the figures.
    """

    sheet: Sheet
    spot_share: float
    node: Node
    workloads: Mapping[str, Workload]
    items: Mapping[str, Range]
    node_count: tuple[int, int]
    remarks: tuple[str, ...]

    @property
    def pods(self) -> Range:
        """The price of all pods, by what they request."""
        return sum(self.items.values(), Range())

    @property
    def nodes(self) -> Range:
        """The price of the nodes that hold them."""
        each = HOURS_A_MONTH * self.sheet.hour(self.node.size, self.spot_share)
        return Range(*(each * count for count in self.node_count))


def priced(manifests: Manifests, sheet: Sheet, node: Node, spot_share: float = 0) -> Bill:
    """The bill of what is in `manifests`.

    Raises:
        Refusal: A pod fits on no node, or the sheet lacks a price.
    """
    found = manifests.workloads
    items = {
        name: Range(
            *(sheet.month(each.requests, spot_share) * pods for pods in (each.least, each.most))
        )
        for name, each in sorted(found.items())
    }
    counts = _nodes(found, node, "least"), _nodes(found, node, "most")
    return Bill(sheet, spot_share, node, found, items, counts, tuple(manifests.remarks))


def _nodes(workloads: Mapping[str, Workload], node: Node, which: str) -> int:
    everywhere = sum((each.requests for each in workloads.values() if each.per_node), Requests())
    pods = [
        (each.requests, math.ceil(getattr(each, which)))
        for each in workloads.values()
        if not each.per_node
    ]
    return nodes.count(pods, node, everywhere)


@dataclass(frozen=True)
class Difference:
    """What a change does to the bill.

    Attributes:
        before: the bill without it.
        after: the bill with it.
    """

    before: Bill
    after: Bill

    @property
    def items(self) -> dict[str, Range]:
        """By how much each workload's price changes, where it does."""
        names = sorted({*self.before.items, *self.after.items})
        changes = {
            name: self.after.items.get(name, Range()) - self.before.items.get(name, Range())
            for name in names
        }
        return {name: each for name, each in changes.items() if is_noticed(each)}

    @property
    def pods(self) -> Range:
        """By how much the pods' price changes."""
        return self.after.pods - self.before.pods

    @property
    def nodes(self) -> Range:
        """By how much the nodes' price changes: pods that free no node free no money there."""
        return self.after.nodes - self.before.nodes


def is_noticed(change: Range) -> bool:
    """Whether a change shows in amounts to the cent."""
    return abs(change.least) >= 0.005 or abs(change.most) >= 0.005
