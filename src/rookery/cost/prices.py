"""Price sheets: what a vCPU and a GiB cost an hour, who says so, and since when."""

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from rookery.cost.pods import Requests
from rookery.cost.quantities import HOURS_A_MONTH
from rookery.cost.refusal import Refusal

_OLD_DAYS = 365


@dataclass(frozen=True)
class Sheet:
    """Prices, with their provenance. The keys of a file are those of the chart's `cost.prices`.

    Attributes:
        name: what it is the price list of.
        source: where it was read.
        read_on: when it was read.
        currency: of every price.
        vcpu_hour: one vCPU for an hour.
        gib_hour: one GiB of memory for an hour.
        spot_vcpu_hour: the same on spot nodes; None if there is no such price.
        spot_gib_hour: likewise.
    """

    name: str
    source: str
    read_on: dt.date
    currency: str
    vcpu_hour: float
    gib_hour: float
    spot_vcpu_hour: float | None = None
    spot_gib_hour: float | None = None

    def hour(self, requests: Requests, spot_share: float = 0) -> float:
        """The price of what is requested, for an hour.

        Args:
            requests: Of a pod, or of several.
            spot_share: Which share of it runs on spot nodes, 0 to 1.

        Raises:
            Refusal: The share is none, or the sheet has no price for it.
        """
        on_demand = requests.vcpus * self.vcpu_hour + requests.gib * self.gib_hour
        if spot_share == 0:
            return on_demand
        if not 0 < spot_share <= 1:
            raise Refusal(f"the spot share is {spot_share:g}: give a share from 0 to 1")
        if self.spot_vcpu_hour is None or self.spot_gib_hour is None:
            raise Refusal(
                f"the prices {self.name!r} have none for spot nodes: give a sheet that has"
                " spotVcpuHour and spotGibHour, by --prices"
            )
        spot = requests.vcpus * self.spot_vcpu_hour + requests.gib * self.spot_gib_hour
        return spot_share * spot + (1 - spot_share) * on_demand

    def month(self, requests: Requests, spot_share: float = 0) -> float:
        """The price of what is requested, for a month of 730 hours."""
        return HOURS_A_MONTH * self.hour(requests, spot_share)

    def warnings(self, today: dt.date) -> list[str]:
        """What to say beside every figure of this sheet."""
        age = (today - self.read_on).days
        if age <= _OLD_DAYS:
            return []
        return [f"the prices {self.name!r} are {age} days old: read them again at {self.source}"]

    @property
    def origin(self) -> str:
        """The provenance, for people."""
        return f"{self.name}, read on {self.read_on} at {self.source}"


# The Cloud Billing Catalog's, as two independent projects read it; the chart's default too.
GCP_E2 = Sheet(
    name="GCP E2 on demand, us-central1",
    source="https://cloud.google.com/compute/vm-instance-pricing",
    read_on=dt.date(2026, 9, 27),
    currency="USD",
    vcpu_hour=0.02181159,
    gib_hour=0.00292353,
)


def load(path: str) -> Sheet:
    """The sheet of a YAML or JSON file: `cost.prices` of a chart's values, or the same on its own.

    Raises:
        Refusal: It cannot be read, or is no sheet.
    """
    try:
        document = yaml.safe_load(Path(path).read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Refusal(f"the prices {path} cannot be read: {error}") from None
    if isinstance(document, dict) and isinstance(document.get("cost"), dict):
        document = document["cost"].get("prices")
    if not isinstance(document, dict):
        raise Refusal(f"{path} has no prices: give the keys of the chart's cost.prices")
    return sheet_of(document, path)


def sheet_of(values: dict[str, Any], path: str) -> Sheet:
    """The sheet that `values` are, checked; `path` is what they are called in sentences.

    Raises:
        Refusal: A key is missing, unknown or wrong.
    """
    known = {_key(each.name): each for each in fields(Sheet)}
    if unknown := [key for key in values if key not in known]:
        raise Refusal(f"{path}: {unknown[0]!r} is no key of a price sheet: {', '.join(known)} are")
    needed = [key for key in known if not key.startswith("spot")]
    if lacking := [key for key in needed if values.get(key) in (None, "")]:
        raise Refusal(f"{path}: a price sheet needs {lacking[0]}: a price nobody can check is none")
    given = {key: value for key, value in values.items() if value is not None}
    sheet = Sheet(
        **{
            known[key].name: _CHECKS[known[key].type](value, f"{path}: {key}")
            for key, value in given.items()
        }
    )
    if sheet.vcpu_hour == 0 and sheet.gib_hour == 0:
        raise Refusal(f"{path}: vcpuHour and gibHour are both 0: nothing is that cheap")
    return sheet


def _key(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def _price(value: Any, what: str) -> float:
    if not isinstance(value, bool) and isinstance(value, int | float | str):
        try:
            price = float(value)
        except ValueError:
            price = math.nan
        if 0 <= price < math.inf:
            return price
    raise Refusal(f"{what} is {value!r}: give a price of zero or more")


def _date(value: Any, what: str) -> dt.date:
    try:
        date = dt.date.fromisoformat(str(value))
    except ValueError:
        raise Refusal(f"{what} is {value!r}: give the date as 2026-09-27") from None
    return date


def _text(value: Any, what: str) -> str:
    if isinstance(value, str):
        return value
    raise Refusal(f"{what} is {value!r}: give a text")


_CHECKS: dict[Any, Callable[[Any, str], Any]] = {
    str: _text,
    dt.date: _date,
    float: _price,
    float | None: _price,
}
