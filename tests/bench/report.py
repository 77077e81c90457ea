"""Figures, and the two ways to show them: lines on a terminal, a page in Markdown."""

import datetime as dt
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version

_LIBRARIES = (
    "fastapi",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "pydantic",
    "prometheus-fastapi-instrumentator",
    "prometheus-client",
)
_HEADER = ("figure", "measured", "remark", "reach", "stretch", "reached")
_PREFACE = """\
Written by `{command}`: do not edit. Every ratio is of two things measured in the same run, in
alternating rounds on the same cores; absolute figures are this machine's, and another's differ.
How each is measured is in `tests/bench/`."""
_MARKS = {None: "", True: "yes", False: "**no**"}


@dataclass(frozen=True)
class Figure:
    """One row: what was measured, and what it is to reach; nothing to reach is a comparison."""

    name: str
    measured: str
    remark: str = ""
    reach: str = ""
    stretch: str = ""
    reached: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """The row."""
        mark = _MARKS[self.reached]
        return self.name, self.measured, self.remark, self.reach, self.stretch, mark


def ratio(value: float) -> str:
    """A ratio, as the tables show it."""
    return f"{value:.2f} x"


def milliseconds(seconds: float) -> str:
    """A time, as the tables show it."""
    return f"{seconds * 1000:.1f} ms"


def mib(value: float) -> str:
    """An amount of memory, as the tables show it."""
    return f"{value:.1f} MiB"


def percent(share: float) -> str:
    """A share, as the tables show it."""
    return f"{share * 100:.1f} %"


def count(number: int) -> str:
    """A number of things, as the tables show it."""
    return f"{number:,}"


def table(figures: Iterable[Figure]) -> str:
    """The figures as a Markdown table, its columns aligned."""
    rows = [_HEADER, *(figure.cells() for figure in figures)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_row(row, widths) for row in (rows[0], rule, *rows[1:]))


def _row(cells: Iterable[str], widths: list[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def page(sections: dict[str, tuple[str, list[Figure]]], command: str) -> str:
    """The page: a section a measurement, and the facts of the machine."""
    parts = [
        "# Performance",
        _PREFACE.format(command=command),
        facts(),
    ]
    for title, (text, figures) in sections.items():
        parts += [f"## {title}", text, table(figures)]
    return "\n\n".join(parts) + "\n"


def facts() -> str:
    """On what it was measured: nothing that names the machine."""
    build = "with" if "--enable-optimizations" in _configured() else "without"
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    today, system = dt.datetime.now(dt.UTC).date(), f"{platform.system()} {platform.machine()}"
    return f"""\
- {today}, {os.cpu_count()} processors, {system}
- Python {platform.python_version()}, built {build} profile-guided optimisation
- {libraries}"""


def _configured() -> str:
    import sysconfig  # noqa: PLC0415 - slow, and only this needs it

    return str(sysconfig.get_config_var("CONFIG_ARGS"))
