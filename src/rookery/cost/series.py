"""The series of one file, each on its grid."""

from dataclasses import dataclass, field

import numpy as np

from rookery.cost.exports import Points
from rookery.cost.grid import Grid, Tally, step_of
from rookery.cost.refusal import Refusal


@dataclass(frozen=True)
class Reading:
    """What cannot be told from a file, or is to be other than usual; None leaves it to the file.

    Attributes:
        unit: one of `roles.UNITS`.
        fill: what happened in gaps, one of `traffic.FILLS`; None interpolates them when they are
            few and short, and refuses them otherwise.
        repeats: which of several values for one time holds: `first`, `last`, `max` or `sum`;
            None refuses them.
        series: the names of those that are added.
        sum: whether to add all.
        labels: columns that tell series apart although they hold numbers.
        time_column: the name of the column with the times.
        time_format: how they are written, for strptime.
        timezone: the zone of times that name none; UTC unless told.
        decimal: the mark of the decimals.
        step_seconds: the step to give; means are taken of shorter ones.
        strict: refuse whatever is not as it should be.
    """

    unit: str | None = None
    fill: str | None = None
    repeats: str | None = None
    series: tuple[str, ...] = ()
    sum: bool = False
    labels: tuple[str, ...] = ()
    time_column: str | None = None
    time_format: str | None = None
    timezone: str | None = None
    decimal: str | None = None
    step_seconds: float | None = None
    strict: bool = False

    def wants(self, name: str) -> bool:
        """Whether a series of that name is to be read."""
        return not self.series or name in self.series


@dataclass
class Series:
    """What one source has.

    Attributes:
        name: what the source is called in sentences.
        step_us: the step of all; `origin_us`: a time on it.
        repeats: see `Reading`.
        noun: what a row is called.
        queried: whether it answers a query, whose series are added and are rates unless told.
        words: what stands above the values.
        naive: whether times came without a zone, and none was told.
        newest_first: whether the rows come in that order.
        backwards: where times go against the order of the others; empty if nowhere.
    """

    name: str
    step_us: int
    origin_us: int
    repeats: str | None = None
    noun: str = "line"
    queried: bool = False
    words: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    naive: bool = False
    newest_first: bool = False
    backwards: str = ""
    tally: Tally = field(default_factory=Tally)
    grids: dict[str, Grid] = field(default_factory=dict)

    def grid(self, name: str) -> Grid:
        """The grid of a series, a new one at first."""
        if name not in self.grids:
            self.grids[name] = Grid(self.origin_us, self.step_us, self.repeats, self.tally)
        return self.grids[name]


def of_points(
    name: str, points: list[Points], reading: Reading, step_us: int | None = None
) -> Series:
    """The series of what an interface answered.

    Raises:
        Refusal: It is empty.
    """
    points = [each for each in points if each.times_us.size and reading.wants(each.name)]
    if not points:
        raise Refusal(f"{name} has no data: ask for a time with traffic")
    step = step_us or step_of(
        np.concatenate([each.times_us for each in points]),
        np.repeat(np.arange(len(points)), [each.times_us.size for each in points]),
    )
    found = Series(name, step or 1, int(points[0].times_us[0]), reading.repeats, noun="point")
    found.words = [each.words for each in points]
    for each in points:
        found.tally.rows += each.values.size
        at = np.arange(1, each.values.size + 1)
        found.grid(each.name).add(each.times_us, each.values, at)
    return found
