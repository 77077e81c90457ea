"""Each alert fires when it should, and is silent when it nearly should."""

import re

import pytest
import yaml
from tests.chart.chart import CHART, rendered
from tests.observability.prometheus import (
    ALERTS,
    SEVERITIES,
    alerts,
    check,
    filled,
    groups,
    promtool,
    write,
)

HEALTHY = yaml.safe_load(filled((ALERTS / "healthy.yaml").read_text()))
CASES = [
    case
    for path in sorted(ALERTS.glob("*.yaml"))
    if path.stem != "healthy"
    for case in yaml.safe_load(filled(path.read_text()))
]
FAST, SLOWLY = "RookeryErrorBudgetBurningFast", "RookeryErrorBudgetBurningSlowly"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["say"])
def test_case(case, tmp_path):
    """Exactly these alerts fire at these times."""
    series = HEALTHY | case["series"]

    check(tmp_path, groups(*case.get("values", [])), case | {"series": series})


def test_every_alert_has_its_cases():
    """Each alert fires in some case, and is said to be missed narrowly in another."""
    fires = {name for case in CASES for names in case["firing"].values() for name in names}
    misses = {name for case in CASES for name in case.get("misses", [])}

    assert set(alerts()) == fires == misses


def test_missed_alerts_never_fire():
    """A case says of no alert both that it fires and that it is missed."""
    both = [
        case["say"]
        for case in CASES
        for names in case["firing"].values()
        if set(names) & set(case.get("misses", []))
    ]

    assert [] == both


def test_rules_are_clean(tmp_path):
    """Promtool finds nothing to complain of, for two releases together (case E07)."""
    found = [group for name in ("a", "b") for group in groups(args=("-n", name))]
    printed = promtool("check", "rules", "--lint=all", "--lint-fatal", str(write(tmp_path, found)))

    assert "SUCCESS" in printed


def requests(namespace, status, values):
    """Requests to the release of a namespace, as a series."""
    labels = f'namespace="{namespace}",job="r-rookery",pod="api-1",handler="/test",method="GET"'
    return {f'http_requests_total{{{labels},status="{status}"}}': values}


def test_case_e07_two_releases(tmp_path):
    """Only the release that fails is told of, once a severity, and by its own rules."""
    quiet = ("prometheusRule.disabled[0]=RookeryStateMissing",)
    found = [group for name in ("a", "b") for group in groups(*quiet, args=("-n", name))]
    up = {f'up{{namespace="{name}",job="r-rookery",pod="api-1"}}': "1x120" for name in "ab"}
    series = up | requests("a", "2xx", "0+9000x120")
    series |= requests("b", "2xx", "0+50x120") | requests("b", "5xx", "0+50x120")

    check(
        tmp_path, found, {"series": series, "firing": {"90m": [f"{FAST} in b", f"{SLOWLY} in b"]}}
    )


def test_case_e03_the_value_is_the_ratio(tmp_path):
    """At the first errors the alert says 20 %, not 100 %, and links to its section."""
    [case] = [case for case in CASES if "case E03" in case["say"]]
    rule = alerts()[FAST]
    summary = "20% of the requests to r-rookery fail."
    expected = {
        "exp_labels": rule["labels"],
        "exp_annotations": rule["annotations"] | {"summary": summary},
    }
    value = {"eval_time": "80m", "alertname": FAST, "exp_alerts": [expected]}

    check(
        tmp_path, groups(), case | {"series": HEALTHY | case["series"], "alert_rule_test": [value]}
    )


def test_case_e03_ratio_is_0_without_errors_and_absent_without_requests(tmp_path):
    """Recorded ratios are 0 without an error, and no number without a request."""
    series = HEALTHY | {
        next(key for key in HEALTHY if key.startswith("http_requests_total")): "0+10x60 600x60"
    }
    ratio = 'job:http_requests_failed:ratio5m{namespace="default",job="r-rookery"}'
    tests = [
        {"expr": ratio, "eval_time": "30m", "exp_samples": [{"labels": ratio, "value": 0}]},
        {"expr": ratio, "eval_time": "90m", "exp_samples": []},
    ]

    check(tmp_path, groups(), {"series": series, "firing": {}, "promql_expr_test": tests})


@pytest.mark.parametrize("name", SEVERITIES)
def test_alert_says_what_is_to_know(name):
    """What is true, what follows, where to read on; and whose it is."""
    rule = alerts("prometheusRule.runbookUrl=https://x.example/runbook.md")[name]

    assert {"summary", "description", "runbook_url"} == set(rule["annotations"])
    assert f"https://x.example/runbook.md#{name.lower()}" == rule["annotations"]["runbook_url"]
    assert {"namespace": "default", "job": "r-rookery"}.items() <= rule["labels"].items()
    assert rule["labels"]["severity"] in ("critical", "warning")


def test_case_e07_braces_arrive():
    """Braces of built-in rules and of the user's are Prometheus's."""
    text = rendered(str(CHART / "ci/21-prometheus.yaml"))

    assert "{{ $labels.pod }}" in text
    assert "{{ $labels.queue }} has {{ $value }} entries" in text
    assert not re.search(r"@\w+@|<no value>|%!", text)


def test_every_selector_names_the_release():
    """No expression sees another release: each selector has its namespace and its name."""
    mine = 'namespace="default",'
    name = "job|deployment|horizontalpodautoscaler|pod"
    selectors = [
        (rule["expr"], selector)
        for group in groups()
        for rule in group["rules"]
        for selector in re.findall(r"\{([^}]*)\}", rule["expr"])
    ]

    assert selectors
    assert [] == [
        (expression, selector)
        for expression, selector in selectors
        if not re.search(rf'^{mine}(?:{name})=~?"r-rookery["-]', selector)
    ]


def test_every_metric_has_a_selector():
    """Nothing is read without one, but `vector`."""
    words = {
        word
        for group in groups()
        for rule in group["rules"]
        for word in re.findall(
            r"\b([a-z]\w*:[\w:]+|(?:http|rookery|kube|container)_\w+)(?![\w:{])", rule["expr"]
        )
    }

    assert set() == words


def test_left_out():
    """An alert that is named in `disabled` is left out, and those that make no sense."""
    assert "RookeryCPUThrottled" not in alerts("prometheusRule.disabled[0]=RookeryCPUThrottled")
    fixed = set(alerts()) - set(alerts("autoscaling.enabled=false"))

    assert {"RookeryAtMaximum", "RookeryAutoscalerBlind", "RookeryAutoscalerFlapping"} < fixed
    assert {"RookeryAbovePlan"} == set(alerts()) - set(alerts("cost.plannedReplicas=null"))


def test_alert_labels():
    """Labels for the routes of an Alertmanager are on every alert, and change none of ours."""
    sets = "prometheusRule.alertLabels.team=api", "prometheusRule.alertLabels.severity=none"
    labels = [rule["labels"] for rule in alerts(*sets).values()]

    assert {"api"} == {found["team"] for found in labels}
    assert {"critical", "warning"} == {found["severity"] for found in labels}


def test_keda_autoscaler():
    """KEDA's HPA has another name, which the selectors know."""
    text = alerts("keda.enabled=true")["RookeryAtMaximum"]["expr"]

    assert 'horizontalpodautoscaler="keda-hpa-r-rookery"' in text
