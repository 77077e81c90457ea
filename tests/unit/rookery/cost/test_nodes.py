"""The nodes that pods need."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.cost import nodes
from rookery.cost.nodes import SMALL, count, node_of
from rookery.cost.pods import Requests
from rookery.cost.refusal import Refusal


def test_room():
    """What GKE leaves of e2-standard-2: 1,930m, and 6.1 GiB of 8."""
    assert 1.93 == pytest.approx(SMALL.room.vcpus)
    assert 6.1 == pytest.approx(SMALL.room.gib, abs=0.01)
    assert 0 == node_of("1:100Mi").room.gib


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([], 0),
        ([(Requests(0.1, 0.1), 0)], 0),
        ([(Requests(0.5, 1), 3)], 1),
        ([(Requests(0.5, 1), 4)], 2),
        ([(Requests(0.1, 3), 3)], 2),
        ([(Requests(1, 1), 2), (Requests(0.9, 1), 2)], 2),
        ([(Requests(), 111)], 2),
    ],
)
def test_count(pods, expected):
    """By CPU, by memory, mixed, and by the number that a node takes."""
    assert expected == count(pods, SMALL)


def test_beside():
    """What runs on every node takes its room."""
    assert 3 == SMALL.holds(Requests(0.5, 1))
    assert 2 == SMALL.holds(Requests(0.5, 1), Requests(0.5, 1))
    assert 2 == count([(Requests(0.5, 1), 3)], SMALL, Requests(0.5, 1))


def test_too_large():
    """A pod that fits on no node is refused, with the way out."""
    with pytest.raises(Refusal, match="give a larger one by --node"):
        count([(Requests(4, 1), 1)], SMALL)


@pytest.mark.parametrize("text", ["2", "2:", "a:b", "0:8Gi", "2:0"])
def test_no_node(text):
    """A node is vCPUs and memory."""
    with pytest.raises(Refusal, match="--node"):
        node_of(text)


@given(
    st.lists(st.tuples(st.floats(0.01, 1.9), st.floats(0.01, 6), st.integers(0, 30)), max_size=6)
)
def test_enough_and_not_too_many(groups):
    """Never less than the sum needs, and never twice as much and one, as first fit promises."""
    pods = [(Requests(vcpus, gib), number) for vcpus, gib, number in groups]
    size = sum(
        number * max(pod.vcpus / SMALL.room.vcpus, pod.gib / SMALL.room.gib) for pod, number in pods
    )
    vcpus = sum(pod.vcpus * number for pod, number in pods)

    assert vcpus / SMALL.room.vcpus - 1e-6 <= count(pods, SMALL) <= 2 * size + 1


def test_paid():
    """An empty node goes after ten minutes."""
    needed = np.array([1, 3, 1, 1, 1, 1, 2])

    assert [1, 3, 3, 3, 1, 1, 2] == nodes.paid(needed, 300).tolist()
    assert needed.tolist()[:1] == nodes.paid(needed[:1], 15).tolist()
