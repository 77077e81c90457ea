"""Quantities as Kubernetes writes them."""

import pytest

from rookery.cost.quantities import quantity
from rookery.cost.refusal import Refusal


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("250m", 0.25),
        (1, 1),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1Ki", 1024),
        ("1k", 1000),
        ("1e3", 1000),
        ("2E", 2e18),
    ],
)
def test_quantity(text, number):
    """Decimal and binary suffixes, and exponents."""
    assert pytest.approx(number) == quantity(text, "cpu")


@pytest.mark.parametrize("text", ["", "-1", "1 Gi", "1GiB", "ten", True, None, "1.5.2"])
def test_no_quantity(text):
    """Anything else is refused by name."""
    with pytest.raises(Refusal, match=r"memory is .*: give a quantity"):
        quantity(text, "memory")
