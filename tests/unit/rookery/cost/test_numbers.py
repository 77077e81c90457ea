"""Numbers as people and tools write them."""

import math

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.cost import numbers
from rookery.cost.refusal import Refusal

NAN = pytest.approx(math.nan, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("42.5", None, 42.5),
        (" 7 ", None, 7),
        ("1e3", None, 1000),
        ("1.7E+3", ".", 1700),
        ("42,5", ",", 42.5),
        ("1,234", ".", 1234),
        ("1,234.5", ".", 1234.5),
        ("1.234,5", ",", 1234.5),
        ("1.234", ",", 1234),
        ("1'234.5", ".", 1234.5),
        ("1 234", None, 1234),
        ("-3", None, -3),
        ("NaN", None, NAN),
        ("", None, NAN),
        ("null", ",", NAN),
        ("1,234", None, None),
        ("1.5", ",", None),
        ("12 req/s", None, None),
        ("1,2,3", ".", None),
    ],
)
def test_number(text, decimal, value):
    """By the mark of the decimals; None is no number."""
    assert value == numbers.number(text, decimal)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1.5"], None),
        (["1,5"], ","),
        (["1,234.5"], "."),
        (["1.234,5", "7,25"], ","),
        (["0,125"], ","),
    ],
)
def test_decimal_mark(cells, mark):
    """Told by cells that can be read in one way only."""
    assert mark == numbers.decimal_mark(cells)


def test_decimal_mark_untold():
    """A thousand or a fraction: asked."""
    with pytest.raises(Refusal, match="--decimal"):
        numbers.decimal_mark(["1,234", "5"])


@pytest.mark.parametrize(
    ("cells", "decimal", "values"),
    [
        (["1", "2.5"], None, [1, 2.5]),
        (["1,5", "2"], ",", [1.5, 2]),
        (["1.234,5", "2"], ",", [1234.5, 2]),
        (["1", "", "NaN", "n/a", "-"], None, [1, NAN, NAN, NAN, NAN]),
        (["1", " 2 ", ""], None, [1, 2, NAN]),
    ],
)
def test_column(cells, decimal, values):
    """At once, or cell by cell where that does not do."""
    assert values == numbers.column(pa.array(cells), decimal).tolist()


@pytest.mark.parametrize("text", ["-3", "inf", "-Infinity", "7 req/s", "1,234"])
def test_unreadable(text):
    """What is no number of requests is named by its place."""
    with pytest.raises(numbers.Unreadable) as error:
        numbers.column(pa.array(["1", text, "x"][:2]), None)

    assert 1 == error.value.index


@given(st.lists(st.floats(0, 1e15), min_size=1))
def test_either_way_reads_the_same(values):
    """The quick way and the slow one agree."""
    cells = pa.array([repr(value) for value in values])

    assert numbers._one_by_one(cells, None).tolist() == numbers._quickly(cells, None).tolist()
