"""The chart's rules as Prometheus reads them, and what promtool says of them."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml
from tests.chart.chart import CHART, one

ALERTS = Path(__file__).parent / "alerts"
ON = ("prometheusRule.enabled=true", "cost.plannedReplicas=3")
Rule = dict[str, Any]

# What the labels of a release `r` in the namespace `default` are, as the placeholders of the cases.
_POD = 'namespace="default",pod="r-rookery-7d4b9c-x2x4z"'
LABELS = {
    "@service@": f'{_POD},job="r-rookery",service="r-rookery"',
    "@requests@": f'{_POD},job="r-rookery",handler="/test",method="GET"',
    "@container@": f'{_POD},container="rookery"',
    "@pod@": _POD,
    "@deployment@": 'namespace="default",deployment="r-rookery"',
    "@autoscaler@": 'namespace="default",horizontalpodautoscaler="r-rookery"',
}
# Read from the files, so that collecting the tests needs no helm.
SEVERITIES = {
    alert["alert"]: alert["severity"]
    for path in CHART.glob("rules/*.yaml")
    for alert in yaml.safe_load(re.sub("@[a-z_]+@", "0", path.read_text(), flags=re.IGNORECASE))
}


def groups(*sets: str, **options: Any) -> list[dict[str, Any]]:
    """The groups of the rendered PrometheusRule."""
    found: list[dict[str, Any]] = one("PrometheusRule", *ON, *sets, **options)["spec"]["groups"]
    return found


def rules(*sets: str, **options: Any) -> list[Rule]:
    """All rules, one after the other."""
    return [rule for group in groups(*sets, **options) for rule in group["rules"]]


def alerts(*sets: str, **options: Any) -> dict[str, Rule]:
    """The alerts by name."""
    return {rule["alert"]: rule for rule in rules(*sets, **options) if "alert" in rule}


def promtool(*arguments: str) -> str:
    """What promtool prints; its complaint is the failure."""
    program = os.environ.get("PROMTOOL") or shutil.which("promtool")
    assert program
    result = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def write(folder: Path, found: list[dict[str, Any]]) -> Path:
    """Groups as a rule file."""
    path = folder / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": found}))
    return path


def filled(text: str) -> str:
    """A case with its placeholders replaced."""
    for name, labels in LABELS.items():
        text = text.replace(name, labels)
    return text


def check(folder: Path, found: list[dict[str, Any]], case: dict[str, Any]) -> None:
    """Have promtool replay a case: exactly the alerts of `firing` fire at each of its times.

    Args:
        folder: where to write what promtool reads.
        found: the groups of rules.
        case: `series` (name to promtool's values), one value a minute; `firing` (time to alerts,
            as `NAME` or `NAME in NAMESPACE`); `every`, the time between two evaluations;
            `promql_expr_test` and `alert_rule_test`, more of promtool's own.
    """
    promql = [_expected(at, names or []) for at, names in case["firing"].items()]
    promql += case.get("promql_expr_test", [])
    test = {
        "interval": "1m",
        "input_series": [{"series": k, "values": v} for k, v in case["series"].items()],
        "promql_expr_test": promql,
        "alert_rule_test": case.get("alert_rule_test", []),
    }
    path = folder / "test.yaml"
    document = {
        "rule_files": [str(write(folder, found))],
        "evaluation_interval": case.get("every", "1m"),
        "group_eval_order": [group["name"] for group in found],  # else by chance
    }
    path.write_text(yaml.safe_dump({**document, "tests": [test]}))
    promtool("test", "rules", str(path))


def _expected(at: str, names: list[str]) -> dict[str, Any]:
    by = "alertname, namespace, severity"
    samples = [{"labels": "{" + _labels(name) + "}", "value": 1} for name in names]
    expression = f'group by ({by}) (ALERTS{{alertstate="firing"}})'
    return {"expr": expression, "eval_time": at, "exp_samples": samples}


def _labels(alert: str) -> str:
    name, _, namespace = alert.partition(" in ")
    severity = SEVERITIES[name]
    return f'alertname="{name}",namespace="{namespace or "default"}",severity="{severity}"'
