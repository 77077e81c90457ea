"""Quantities as Kubernetes writes them: `250m` is 0.25, `1Ki` is 1024."""

import re

from rookery.cost.refusal import Refusal

GIB = 1 << 30
HOURS_A_MONTH = 730
_QUANTITY = re.compile(r"([+]?\d*\.?\d+|[+]?\d+\.)([numkMGTPE]?|[KMGTPE]i|[eE][-+]?\d+)")
_DECIMAL = dict(zip("numkMGTPE", (1e-9, 1e-6, 1e-3, 1e3, 1e6, 1e9, 1e12, 1e15, 1e18), strict=True))
_BINARY = {f"{letter}i": 1024.0**power for power, letter in enumerate("KMGTPE", 1)}
_SUFFIXES = {"": 1.0, **_DECIMAL, **_BINARY}


def quantity(value: object, what: str) -> float:
    """The number that a quantity is.

    Args:
        value: A text or a number.
        what: What it is of, for the sentence.

    Raises:
        Refusal: It is no quantity, or below zero.
    """
    match = _QUANTITY.fullmatch(str(value).strip())
    if not match or isinstance(value, bool):
        raise Refusal(f"{what} is {value!r}: give a quantity as 250m, 0.5, 256Mi or 1Gi")
    number, suffix = match.groups()
    if suffix in _SUFFIXES:
        return float(number) * _SUFFIXES[suffix]
    return float(number + suffix)
