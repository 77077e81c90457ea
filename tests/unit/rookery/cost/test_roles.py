"""Which column is what."""

import pytest

from rookery.cost.refusal import Refusal
from rookery.cost.roles import Roles, roles_of
from rookery.cost.table import Column

DAY, EPOCH = ["2026-03-02", "2026-03-03"], ["1772452800", "1772452860"]


def roles(*columns, **told):
    """The roles of columns, given by name and cells."""
    return roles_of("x.csv", [Column(name, name, cells) for name, cells in columns], **told)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ([("when", DAY), ("n", ["1", "2"])], Roles(0, [1], [], None)),
        ([("n", ["1,5", ""]), ("when", EPOCH)], Roles(1, [0], [], ",")),
        ([("n", EPOCH), ("timestamp", EPOCH)], Roles(1, [0], [], None)),
        ([("epoch", EPOCH), ("time", DAY), ("n", ["1", "2"])], Roles(1, [2], [], None)),
        ([("time", DAY), ("code", ["a", "b"]), ("n", ["1", "x"])], Roles(0, [2], [1], None)),
    ],
)
def test_roles(columns, found):
    """By cells first, by names then; a second time is neither value nor label."""
    assert found == roles(*columns)


def test_told():
    """The time's column and labels can be told."""
    columns = ("start", DAY), ("end", DAY), ("code", ["200", "500"]), ("n", ["1", "2"])

    assert Roles(1, [3], [2], None) == roles(*columns, time_column="end", labels=("code",))
    assert Roles(0, [2, 3], [], None) == roles(*columns)  # what starts is the time


@pytest.mark.parametrize(
    ("columns", "told", "sentence"),
    [
        ([("from", DAY), ("to", DAY), ("n", ["1"])], {}, "--time-column which of from, to"),
        ([("t", DAY), ("n", ["1"])], {"time_column": "x"}, "no column 'x': the columns are t, n"),
        ([("t", DAY), ("n", ["7 req/s"])], {}, "a cell is '7 req/s': export it without units"),
        ([("t", DAY)], {}, "no column of numbers"),
    ],
)
def test_refused(columns, told, sentence):
    """What is not clear is asked."""
    with pytest.raises(Refusal) as refusal:
        roles(*columns, **told)

    assert sentence in str(refusal.value)
