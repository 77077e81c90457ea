"""The bill of workloads, and the difference between two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.rookery.cost.support import bill, manifest

from rookery.cost.bill import Difference, Range


def test_case_c21_bill():
    """2 pods of 250m and 256 MiB for 730 h at 0.04 and 0.005 cost 16.425, least and most."""
    found = bill(manifest(2, 2))

    assert (16.425, 16.425) == pytest.approx((found.pods.least, found.pods.most), abs=1e-9)


def test_case_c21_range_and_nodes():
    """The least is at the minimum, the most at the maximum; nodes are another bill."""
    found = bill(manifest(2, 20))
    node = 730 * (2 * 0.04 + 8 * 0.005)

    assert (16.425, 164.25) == pytest.approx((found.pods.least, found.pods.most))
    assert ((1, 3), 3 * node) == (found.node_count, pytest.approx(found.nodes.most))


def test_case_c21_saving_that_frees_no_node():
    """A pod fewer on the same node saves nothing of the nodes' bill."""
    change = Difference(bill(manifest(3, 3)), bill(manifest(2, 2)))

    assert -8.2125 == pytest.approx(change.pods.least)
    assert Range() == change.nodes


def test_what_changed():
    """New, gone and changed workloads; the others are left out."""
    before = bill(manifest(1, 1, "a"), manifest(1, 1, "b"), manifest(1, 1, "c"))
    after = bill(manifest(1, 1, "a"), manifest(1, 2, "b"), manifest(1, 1, "d"))
    change = Difference(before, after).items

    assert ["Deployment b", "Deployment c", "Deployment d"] == list(change)
    assert (0, 8.2125) == pytest.approx((change["Deployment b"].least, change["Deployment b"].most))


def test_daemon_sets_take_room_on_every_node():
    """They are no pods to place, but leave less room for the others."""
    agent = manifest(kind="DaemonSet", name="agent", cpu="1500m")

    assert (3, 3) == bill(manifest(3, 3), agent).node_count


@given(st.integers(0, 50), st.integers(0, 50))
def test_cost_rises_with_the_minimum(least, more):
    """One more pod never costs less."""
    cheap, dear = bill(manifest(least, 100)), bill(manifest(least + more, 100))

    assert cheap.pods.least <= dear.pods.least
    assert cheap.node_count[0] <= dear.node_count[0]
    assert cheap.pods.most == dear.pods.most
