"""Make helm/dashboards/rookery.json, the dashboard, out of the tables below.

One page, from top to bottom: is the promise kept, what is the traffic, is there room, what does it
cost. A panel is a row of a table; queries see one release, by the variables `namespace` and `job`.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path
from string import ascii_uppercase

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, VariableRefresh, VariableSort

OUTPUT = Path(__file__).parents[2] / "helm/dashboards/rookery.json"
SOURCE = DataSourceRef(type_val="prometheus", uid="$datasource")

# The selectors of the release's series, as helm/templates/_rules.tpl has them.
SERVICE = 'namespace="$namespace",job="$job"'
DEPLOYMENT = 'namespace="$namespace",deployment="$job"'
PODS = 'namespace="$namespace",pod=~"$job-[a-z0-9]+-[a-z0-9]+",container!=""'
BUCKETS = f"sum by (le) (rate(http_request_duration_seconds_bucket{{{SERVICE}}}[$__rate_interval]))"


@dataclass(frozen=True)
class Panel:
    """A panel: its title, what it says, the unit (Grafana's name), and queries by legend.

    A panel without legends shows one number. `span` and `height` are in Grafana's grid, whose page
    is 24 wide.
    """

    title: str
    text: str
    unit: str
    queries: dict[str, str]
    span: int = 8
    height: int = 8


def record(name: str) -> str:
    """A recorded series of the release."""
    return f"job:{name}{{{SERVICE}}}"


def per_pod(metric: str) -> str:
    """A gauge of each pod."""
    return f"max by (pod) ({metric}{{{SERVICE}}})"


def per_container(values: str) -> str:
    """A pod's sum over its containers, each once: kubelets tell of them on two paths."""
    return f"sum by (pod) (max by (pod, container) ({values}))"


def per_second(metric: str, by: str) -> str:
    """A counter's rate."""
    return f"sum by ({by}) (rate({metric}{{{SERVICE}}}[$__rate_interval]))"


def share(part: str) -> dict[str, str]:
    """The share of failed or slow requests, over a short and a long time, and what is allowed."""
    name = f"http_requests_{part}"
    return {
        "5 minutes": record(f"{name}:ratio5m"),
        "1 hour": record(f"{name}:ratio1h"),
        "allowed": record(f"{name}:allowed"),
    }


ROWS = {
    "Is the promise kept?": [
        Panel(
            "Not failed, 3 days",
            "Share of requests that were not answered with a 5xx.",
            "percentunit",
            {"": f"1 - {record('http_requests_failed:ratio3d')}"},
            height=4,
        ),
        Panel(
            "In time, 3 days",
            "Share of requests that were answered within the objective.",
            "percentunit",
            {"": f"1 - {record('http_requests_slow:ratio3d')}"},
            height=4,
        ),
        Panel(
            "Alerts",
            "What fires now; docs/runbook.md has a section on each.",
            "none",
            {"": f'count(ALERTS{{{SERVICE},alertstate="firing"}}) or vector(0)'},
            height=4,
        ),
        Panel(
            "Failed requests",
            "5xx, refused ones among them.",
            "percentunit",
            share("failed"),
        ),
        Panel(
            "Slow requests",
            "Requests that took longer than the objective.",
            "percentunit",
            share("slow"),
        ),
        Panel(
            "Latency",
            "From a request's headers to the end of its answer. Dots are traced requests.",
            "s",
            {
                "p50": f"histogram_quantile(0.5, {BUCKETS})",
                "p99": f"histogram_quantile(0.99, {BUCKETS})",
                "allowed": record("http_request_duration_seconds:allowed"),
            },
        ),
    ],
    "What is the traffic?": [
        Panel(
            "By status",
            "Requests a second; refused ones are 5xx.",
            "reqps",
            {"{{status}}": per_second("http_requests_total", "status")},
        ),
        Panel(
            "By route",
            "Requests a second.",
            "reqps",
            {"{{method}} {{handler}}": per_second("http_requests_total", "handler, method")},
        ),
        Panel(
            "By pod",
            "Requests a second. They should lie on each other.",
            "reqps",
            {"{{pod}}": per_second("http_requests_total", "pod")},
        ),
    ],
    "Is there room?": [
        Panel(
            "Pods",
            "Those that there are, and the bounds.",
            "short",
            {
                "wanted": f"max(kube_deployment_spec_replicas{{{DEPLOYMENT}}})",
                "available": f"max(kube_deployment_status_replicas_available{{{DEPLOYMENT}}})",
                "least": record("replicas:least"),
                "most": record("replicas:most"),
                "planned": record("replicas:planned"),
            },
        ),
        Panel(
            "CPU",
            "Cores used by each pod, beside the request that the autoscaler goes by.",
            "short",
            {
                "{{pod}}": per_container(
                    f"rate(container_cpu_usage_seconds_total{{{PODS}}}[$__rate_interval])"
                ),
                "requested": f'max(sum by (pod) (kube_pod_container_resource_requests{{{PODS},resource="cpu"}}))',
            },
        ),
        Panel(
            "Memory",
            "Working set of each pod, beside the limit at which it is killed.",
            "bytes",
            {
                "{{pod}}": per_container(f"container_memory_working_set_bytes{{{PODS}}}"),
                "limit": f'max(sum by (pod) (kube_pod_container_resource_limits{{{PODS},resource="memory"}}))',
            },
        ),
        Panel(
            "In flight",
            "Requests being worked on, beside the bound from which further ones are refused.",
            "short",
            {
                "{{pod}}": per_pod("rookery_requests_in_flight"),
                "bound": f"min(rookery_requests_in_flight_limit{{{SERVICE}}})",
            },
        ),
        Panel(
            "Lag of the event loop",
            "What each request waits before anything happens.",
            "s",
            {"{{pod}}": per_pod("rookery_event_loop_lag_seconds")},
        ),
        Panel(
            "Refused and restarted",
            "Requests refused a second, and restarts of containers within an hour.",
            "short",
            {
                "refused": f"sum(rate(rookery_requests_shed_total{{{SERVICE}}}[$__rate_interval]))",
                "restarts": f"sum(increase(kube_pod_container_status_restarts_total{{{PODS}}}[1h]))",
            },
        ),
    ],
    "What does it cost?": [
        Panel(
            "A month like now",
            "By requests and the prices of cost.prices, in their currency.",
            "short",
            {"": record("cost_monthly:current")},
            span=4,
        ),
        Panel(
            "A million requests",
            "At the traffic of now, in the same currency.",
            "short",
            {
                "": f"{record('cost_monthly:current')} / (730 * 3600) * 1e6"
                f" / ({record('http_requests:rate5m')} > 0)"
            },
            span=4,
        ),
        Panel(
            "Cost a month",
            "What the pods of each moment would cost a month, beside the plan and the bounds.",
            "short",
            {
                "now": record("cost_monthly:current"),
                "average of a day": f"avg_over_time({record('cost_monthly:current')}[1d])",
                "least": record("cost_monthly:least"),
                "most": record("cost_monthly:most"),
                "planned": record("cost_monthly:planned"),
            },
            span=16,
        ),
    ],
}


def build() -> str:
    """The dashboard as JSON."""
    board = (
        dashboard.Dashboard("Rookery")
        .uid("rookery")
        .description("Is the promise kept, what is the traffic, is there room, what does it cost")
        .tags(["rookery"])
        .time("now-3h", "now")
        .refresh("30s")
        .timezone("browser")
        .readonly()
        .variables(_variables())
    )
    numbers = itertools.count(1)
    for title, panels in ROWS.items():
        board = board.with_row(dashboard.Row(title).id(next(numbers)))
        for panel in panels:
            board = board.with_panel(_drawn(panel).id(next(numbers)))
    return JSONEncoder(sort_keys=True, indent=1).encode(board.build()) + "\n"


def _variables() -> list[dashboard.DatasourceVariable | dashboard.QueryVariable]:
    source = dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
    return [
        source,
        _labels("namespace", "Namespace", "label_values(rookery_build_info, namespace)"),
        _labels("job", "Service", 'label_values(rookery_build_info{namespace="$namespace"}, job)'),
    ]


def _labels(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(SOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def _drawn(panel: Panel) -> stat.Panel | timeseries.Panel:
    is_number = "" in panel.queries
    drawn = stat.Panel().decimals(0 if panel.unit == "none" else 2) if is_number else _curves()
    drawn = drawn.title(panel.title).description(panel.text).unit(panel.unit).datasource(SOURCE)
    for letter, (legend, expression) in zip(ascii_uppercase, panel.queries.items(), strict=False):
        query = prometheus.Dataquery().ref_id(letter).datasource(SOURCE).expr(expression)
        query = query.instant() if is_number else query.range().legend_format(legend)
        drawn = drawn.with_target(query.exemplar(legend == "p99"))
    return drawn.span(panel.span).height(panel.height)


def _curves() -> timeseries.Panel:
    legend = common.VizLegendOptions().show_legend(show_legend=True)
    legend = legend.display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI)
    return timeseries.Panel().min(0).legend(legend).tooltip(tooltip).fill_opacity(0)


if __name__ == "__main__":
    OUTPUT.write_text(build())
