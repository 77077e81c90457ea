"""Draw the dashboard's panels from what a real Prometheus answered, where there is no Grafana.

    python ci/chart/picture.py DATA PICTURE

DATA maps each query to the result of `query_range`; tests/cluster/test_observability.py writes it.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.dates
from matplotlib.figure import Figure

BOARD = Path(__file__).parents[2] / "helm/dashboards/rookery.json"
UNITS = {"percentunit": (100, " %"), "s": (1000, " ms"), "bytes": (2**-20, " MiB")}


def main(data: str, picture: str) -> None:
    """Draw every panel where Grafana would put it."""
    answers = json.loads(Path(data).read_text())
    panels = json.loads(BOARD.read_text())["panels"]
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels)
    mpl.rcParams.update({"font.size": 7, "axes.spines.top": False, "axes.spines.right": False})
    figure = Figure(figsize=(14, rows * 0.28), layout=None)
    for panel in panels:
        place = panel["gridPos"]
        top = 1 - (place["y"] + place["h"]) / rows
        if panel["type"] == "row":
            figure.text(0.01, top + 0.004, panel["title"], fontsize=11, weight="bold")
            continue
        left, width = place["x"] / 24, place["w"] / 24
        box = (left + 0.03, top + 0.032, width - 0.045, place["h"] / rows - 0.056)
        axes = figure.add_axes(box, title=panel["title"])
        (_number if panel["type"] == "stat" else _curves)(axes, panel, answers)
    figure.savefig(picture, dpi=110)


def _number(axes: Any, panel: dict[str, Any], answers: dict[str, Any]) -> None:
    factor, unit = UNITS.get(panel["fieldConfig"]["defaults"]["unit"], (1, ""))
    [series] = answers[panel["targets"][0]["expr"]] or [{"values": [(0, "nan")]}]
    axes.axis("off")
    decimals = panel["fieldConfig"]["defaults"]["decimals"]
    text = f"{float(series['values'][-1][1]) * factor:.{decimals}f}{unit}"
    axes.text(0.5, 0.5, text, fontsize=20, ha="center", va="center")


def _curves(axes: Any, panel: dict[str, Any], answers: dict[str, Any]) -> None:
    factor, unit = UNITS.get(panel["fieldConfig"]["defaults"]["unit"], (1, ""))
    for target in panel["targets"]:
        for series in answers[target["expr"]]:
            times = [datetime.fromtimestamp(float(at), UTC) for at, _ in series["values"]]
            values = [float(value) * factor for _, value in series["values"]]
            axes.plot(times, values, label=_legend(target["legendFormat"], series["metric"]))
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(f"{{x:g}}{unit}")
    axes.xaxis.set_major_formatter(mpl.dates.DateFormatter("%H:%M"))
    axes.legend(fontsize=5, loc="upper left", framealpha=0.6)


def _legend(text: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


if __name__ == "__main__":
    main(*sys.argv[1:])
