"""The dashboard is what its source says, and shows one release of any Prometheus."""

import json
import re
import runpy

import pytest
from tests.chart.chart import CHART, one
from tests.observability.prometheus import ON, promtool, rules
from tests.support import ROOT

SETS = (*ON, "dashboard.enabled=true")
FILE = CHART / "dashboards/rookery.json"


def board(*sets, **options):
    """The dashboard that the sidecar would load."""
    [text] = one("ConfigMap", *SETS, *sets, **options)["data"].values()
    return json.loads(text)


def all_of(node, key):
    """Every value of a key, however deep."""
    if isinstance(node, list):
        return [found for item in node for found in all_of(item, key)]
    if not isinstance(node, dict):
        return []
    below = [found for value in node.values() for found in all_of(value, key)]
    return below + ([node[key]] if key in node else [])


def test_json_is_fresh():
    """The file is what `make dashboard` writes."""
    source = runpy.run_path(str(ROOT / "ci/chart/dashboard.py"))

    assert source["build"]() == FILE.read_text()


def test_case_e06_data_source_is_a_variable():
    """Every panel, query and variable asks the data source that is chosen, and none is fixed."""
    found = board()

    assert {("prometheus", "$datasource")} == {
        (source["type"], source["uid"]) for source in all_of(found, "datasource")
    }
    assert ["datasource", "namespace", "job"] == [v["name"] for v in found["templating"]["list"]]
    assert "prometheus" == found["templating"]["list"][0]["query"]
    assert not re.search("__inputs|__requires|DS_PROMETHEUS", FILE.read_text())
    assert "id" not in found


def test_case_e06_braces_arrive():
    """Legends keep their braces, and the sidecar gets the panels of the file."""
    assert "{{pod}}" in all_of(board(), "legendFormat")
    assert json.loads(FILE.read_text())["panels"] == board()["panels"]


def test_case_e06_uid_is_the_release():
    """No two releases share a uid, and a release keeps its own."""
    uids = [board(args=("-n", name))["uid"] for name in ("a", "b", "a")]

    assert uids[0] == uids[2] != uids[1]
    assert all(len(uid) <= 40 for uid in uids)


def test_case_e06_opens_on_its_release():
    """Namespace and service are chosen already."""
    chosen = {v["name"]: v["current"].get("value") for v in board()["templating"]["list"]}

    assert {"datasource": None, "namespace": "default", "job": "r-rookery"} == chosen


def test_case_e06_config_map():
    """Label and folder are settable, and it fits into a ConfigMap."""
    sets = "dashboard.labels.grafana_dashboard=yes", "dashboard.annotations.grafana_folder=API"
    found = one("ConfigMap", *SETS, *sets, "dashboard.namespace=grafana")

    assert "yes" == found["metadata"]["labels"]["grafana_dashboard"]
    assert {"grafana_folder": "API"} == found["metadata"]["annotations"]
    assert "grafana" == found["metadata"]["namespace"]
    assert len(str(found["data"])) < 2**20


def test_panels_are_told_apart():
    """Each panel has an id, a title and a description, and its queries have letters."""
    panels = [panel for panel in board()["panels"] if panel["type"] != "row"]

    assert len(panels) == len({panel["id"] for panel in panels})
    assert len(panels) == len({panel["title"] for panel in panels})
    assert all(panel["description"] for panel in panels)
    assert all(
        list("ABCDE"[: len(panel["targets"])]) == [t["refId"] for t in panel["targets"]]
        for panel in panels
    )


@pytest.mark.parametrize("expression", sorted(set(all_of(json.loads(FILE.read_text()), "expr"))))
def test_query(expression):
    """It is PromQL, sees one release, and reads no record that the rules do not make."""
    text = expression.replace("$__rate_interval", "5m")
    promtool("--experimental", "promql", "format", text)
    selectors = re.findall(r"\{([^}]*)\}", expression)

    assert selectors
    assert all(
        re.match(r'namespace="\$namespace",(?:job|deployment|pod)=~?"\$job["-]', selector)
        for selector in selectors
    )
    assert set(re.findall(r"job:[\w:]+", expression)) <= {rule.get("record") for rule in rules()}
