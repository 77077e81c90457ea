"""Rows find their step, in any order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.cost import grid
from rookery.cost.grid import Grid, Tally, step_of

MINUTE = 60_000_000


def filled(slots, values, block=None):
    """A grid, filled block by block."""
    found = Grid(0, MINUTE, None, Tally())
    slots, values = np.array(slots), np.array(values, float)
    for at in range(0, slots.size, block or slots.size):
        part = slice(at, at + (block or slots.size))
        found.add(slots[part] * MINUTE, values[part], np.arange(slots[part].size) + at)
    return found


@given(st.permutations(range(-20, 20)), st.integers(1, 40))
def test_order_does_not_matter(slots, block):
    """The same rows in any order and any blocks are the same series."""
    found = filled(slots, slots, block)

    assert (-20, 19) == (found.first, found.last)
    assert [*range(-20, 20)] == found.between(-20, 19).tolist()


def test_between_reaches_beyond():
    """Where there is nothing there is NaN."""
    values = filled([0, 1], [5, 6]).between(-1, 3)

    assert [True, False, False, True, True] == np.isnan(values).tolist()


@pytest.mark.parametrize(
    ("seconds", "step"),
    [
        ([0, 60, 120], 60),
        ([0, 60, 120, 130, 180, 600], 60),
        ([0, 0.25, 0.5], 0.25),
        ([0, 14.9, 30.1, 45.2, 59.9], 15),
        ([0, 0.3, 0.71, 1.05], 0.35),
        ([7], None),
    ],
)
def test_step(seconds, step):
    """The step that most keep; where clocks tremble, to the second."""
    found = step_of(
        np.array([each * 1_000_000 for each in seconds], np.int64), np.zeros(len(seconds))
    )

    assert (step and pytest.approx(step * 1e6, abs=1e4)) == found


def test_step_of_each_series():
    """Rows of different series are no neighbours."""
    times = np.array([0, 1, 60, 61, 120, 121]) * 1_000_000

    assert MINUTE == step_of(times, np.array([0, 1, 0, 1, 0, 1]))


def test_increases():
    """A restart counts from nothing; a gap is spread."""
    counter = np.array([np.nan, 10, 16, np.nan, 20, 3])
    rates, restarts = grid.increases(counter)

    assert ([6, 2, 2, 3], 1) == (rates[1:].tolist(), restarts)
    assert np.isnan(rates[0])


def test_rows_beside_the_step_make_no_room():
    """What is left out does not lengthen the series."""
    found = filled([0, 1], [1, 2])
    found.add(np.array([MINUTE * 99 // 2]), np.array([7.0]), np.array([9]))

    assert (0, 1) == (found.first, found.last)


def test_room_is_bounded(monkeypatch):
    """All series together share it."""
    monkeypatch.setattr(grid, "MAX_SLOTS", 64)

    with pytest.raises(grid.Refusal, match=r"line 1 is too much: .* 100 steps .* and 64 fit"):
        filled([0, 99], [1, 2])
