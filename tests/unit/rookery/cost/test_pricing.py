"""`rookery price`, as it is called."""

import json
import subprocess
import sys

import pytest
from tests.support import ROOT
from tests.unit.rookery.cost.support import manifest

from rookery import cli

PRICES = """
name: simple
source: https://prices.example
readOn: "2026-09-27"
currency: USD
vcpuHour: 0.04
gibHour: 0.005
"""


@pytest.fixture
def files(tmp_path):
    """A price sheet, and what is rendered before and after a change."""
    (tmp_path / "prices.yaml").write_text(PRICES)
    (tmp_path / "before.yaml").write_text(manifest(2, 2))
    (tmp_path / "after.yaml").write_text(manifest(2, 4))
    return tmp_path


@pytest.fixture
def price(files, monkeypatch, capsys):
    """Runs the command in that folder; gives code, output and errors."""
    monkeypatch.chdir(files)

    def runs(*arguments):
        code = cli.main(["price", *arguments])
        return code, *capsys.readouterr()

    return runs


def test_case_c21_command(price):
    """The bill to the cent, with its source and date."""
    code, out, _ = price("before.yaml", "--prices", "prices.yaml", "--json")

    assert (0, 16.425) == (code, json.loads(out)["pods"]["least"])
    assert "simple, read on 2026-09-27" in out


def test_text(price):
    """The line first, then nodes, table and provenance."""
    code, out, _ = price("before.yaml")

    assert 0 == code
    assert out.startswith("The pods cost ")
    assert "| Deployment web | 2 " in out
    assert "GCP E2 on demand, us-central1, read on 2026-09-27" in out


def test_difference(price, files):
    """All four forms at once."""
    code, out, _ = price(
        *("after.yaml", "--baseline", "before.yaml", "--prices", "prices.yaml"),
        *("--markdown", "note.md", "--openmetrics", "metrics.txt", "--code-quality", "cq.json"),
    )

    assert (0, True) == (code, "+0.00 at least, +16.43 at most, 1 changed" in out)
    assert "+16.43 at most" in (files / "note.md").read_text()
    assert (files / "metrics.txt").read_text().endswith("# EOF\n")
    assert "monthly-cost" == json.loads((files / "cq.json").read_text())[0]["check_name"]


def test_standard_input(files):
    """`helm template … | rookery price`, by the installed program."""
    command = [sys.executable, "-m", "rookery", "price"]
    with (files / "before.yaml").open() as rendered:
        run = subprocess.run(command, stdin=rendered, capture_output=True, text=True, check=True)

    assert run.stdout.startswith("The pods cost")


def test_assumptions(price, files):
    """How many nodes there are, and how long jobs run, can be told."""
    (files / "agent.yaml").write_text(manifest(kind="DaemonSet"))
    out = price("agent.yaml", "--nodes", "3", "--run-seconds", "60", "--json")[1]

    assert 3 == json.loads(out)["workloads"]["DaemonSet web"]["mostPods"]


def test_nothing_to_price(price, files):
    """A file without workloads costs nothing, and that is said."""
    (files / "none.yaml").write_text("")

    assert "there is no workload in none.yaml" in price("none.yaml")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.yaml"], "none.yaml cannot be read"),
        (["before.yaml", "--prices", "before.yaml"], "before.yaml"),
        (["before.yaml", "--spot-share", "2"], "the spot share is 2"),
        (["before.yaml", "--spot-share", "0.5"], "have none for spot nodes"),
        (["before.yaml", "--node", "tiny"], "--node is 'tiny'"),
        (["before.yaml", "--markdown", "no/where"], "no/where cannot be written"),
    ],
)
def test_refused(price, arguments, sentence):
    """One sentence, exit code 2, nothing printed."""
    code, out, error = price(*arguments)

    assert (2, "") == (code, out)
    assert error.startswith("rookery price: ")
    assert sentence in error


@pytest.mark.parametrize(
    "arguments",
    [["--nodes", "-1"], ["--nodes", "x"], ["--run-seconds", "0"], ["--run-seconds", "inf"]],
)
def test_wrong_options(price, arguments):
    """Absurd numbers are refused by name."""
    with pytest.raises(SystemExit) as end:
        price("before.yaml", *arguments)

    assert 2 == end.value.code


def test_options_are_documented(capsys):
    """Each option stands in docs/cost.md."""
    with pytest.raises(SystemExit):
        cli.main(["price", "--help"])
    text = (ROOT / "docs/cost.md").read_text()
    options = {
        word.strip("[],") for word in capsys.readouterr().out.split() if word.startswith("[--")
    }

    assert [] == sorted(option for option in options if f"`{option}" not in text)
