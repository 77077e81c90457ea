"""The options by which a command of the planner is given traffic."""

import argparse
import datetime as dt

from rookery.cost.refusal import Refusal
from rookery.cost.roles import UNITS
from rookery.cost.series import Reading
from rookery.cost.traffic import FILLS, REPEATS, Traffic, read


def add_traffic(parser: argparse.ArgumentParser) -> None:
    """Add the options that name traffic, and that say how to read it."""
    parser.add_argument(
        "traffic", nargs="?", help="CSV or JSON, plain or gzip; - is the standard input"
    )
    add = parser.add_argument_group("how to read it").add_argument
    add("--unit", choices=UNITS, help="what a value is")
    add("--counter", dest="unit", action="store_const", const="counter", help="as --unit counter")
    add("--fill", choices=FILLS, help="what happened where rows are missing")
    add("--repeats", choices=REPEATS, help="which of several values for one time holds")
    add("--series", action="append", default=[], metavar="NAME", help="add only these series")
    add("--sum", action="store_true", help="add all series")
    add("--label", action="append", default=[], metavar="COLUMN", help="tells series apart")
    add("--time-column", metavar="COLUMN", help="has the times")
    add("--time-format", metavar="FORMAT", help="of the times, for strptime")
    add("--timezone", metavar="ZONE", help="of times that name none, as Europe/Berlin (UTC)")
    add("--decimal", choices=[".", ","], help="mark of the decimals")
    add("--step", type=float, metavar="SECONDS", help="take means over so long")
    add("--strict", action="store_true", help="refuse whatever is not as it should be")
    add = parser.add_argument_group("instead of a file").add_argument
    add("--prometheus", metavar="URL", help="ask a Prometheus, as far as /api/v1")
    add(
        "--query", metavar="PROMQL", help="requests a second, as sum(rate(http_requests_total[2m]))"
    )
    add("--days", type=float, default=14, help="how many, until now (%(default)s)")
    add(
        "--resolution", type=int, default=60, metavar="SECONDS", help="between points (%(default)s)"
    )
    add("--token-file", metavar="FILE", help="has a bearer token")
    add("--timeout", type=float, default=60, metavar="SECONDS", help="for one answer (%(default)s)")


def traffic_of(options: argparse.Namespace) -> Traffic:
    """The traffic that a command line names.

    Raises:
        Refusal: It names none, or two, or what it names is not clear.
    """
    if (options.traffic is None) == (options.prometheus is None):
        raise Refusal("give traffic: either a file, or --prometheus URL with --query PROMQL")
    reading = _reading(options)
    if options.prometheus is None:
        return read(options.traffic, reading)
    if not options.query:
        raise Refusal("--prometheus needs --query, as sum(rate(http_requests_total[2m]))")
    if not 0 < options.days < float("inf") or options.resolution < 1 or not options.timeout > 0:
        raise Refusal("--days, --resolution and --timeout are more than zero")
    from rookery.cost import prometheus  # noqa: PLC0415  # its client takes as long as all the rest

    now = dt.datetime.now(dt.UTC)
    return prometheus.query(
        options.prometheus,
        options.query,
        now - dt.timedelta(days=options.days),
        now,
        options.resolution,
        token_file=options.token_file,
        timeout_seconds=options.timeout,
        reading=reading,
    )


def _reading(options: argparse.Namespace) -> Reading:
    if options.step is not None and not 0 < options.step < float("inf"):
        raise Refusal(f"--step is {options.step:g}: give seconds, more than zero")
    return Reading(
        unit=options.unit,
        fill=options.fill,
        repeats=options.repeats,
        series=tuple(options.series),
        sum=options.sum,
        labels=tuple(options.label),
        time_column=options.time_column,
        time_format=options.time_format,
        timezone=options.timezone,
        decimal=options.decimal,
        step_seconds=options.step,
        strict=options.strict,
    )
