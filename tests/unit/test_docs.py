"""The documents say what the code does: no more, and no less."""

import re
import tomllib
from pathlib import Path

import pytest
from src.app import create_app
from tests.support import ROOT, serving, settings

from rookery import __version__
from rookery.settings import Settings, variable

PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def rows(page: str) -> list[list[str]]:
    """The rows of the tables of a page, without their heads."""
    lines = (ROOT / page).read_text().splitlines()
    cells = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in lines if line.startswith("| ")]
    return [row for row in cells if row[0].startswith("`")]


def shown(value: object) -> str:
    """A default as the settings table shows it."""
    if value is None or value in ("", ()):
        return "unset"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_settings_are_documented():
    """Each setting is a row with its variable, default and meaning; no row is of another."""
    expected = [
        [f"`{variable(name)}`", shown(field.default), str(field.description)]
        for name, field in Settings.model_fields.items()
    ]

    assert expected == rows("docs/settings.md")


def test_metrics_are_documented():
    """Each metric of a scrape is a row with its type and labels; no row is of another."""
    with serving(create_app(settings())) as client:
        client.get("/test")
        text = client.get("/metrics").text
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    labels: dict[str, set[str]] = {name: set() for name in types}
    for name, found in re.findall(r"^(\w+)\{(.*)\} ", text, re.MULTILINE):
        base = name if name in types else re.sub("_(bucket|sum|count)$", "", name)
        labels[base] |= set(re.findall(r'(\w+)="', found)) - {"le"}
    expected = {
        (f"`{name}`", kind, ", ".join(f"`{label}`" for label in sorted(labels[name])) or "none")
        for name, kind in types.items()
        if not name.startswith(("python_", "process_"))
    }

    assert expected == {tuple(row[:3]) for row in rows("docs/metrics.md")}


def test_dependencies_are_explained():
    """Each package that the service or the planner wishes has its reason in the architecture."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    requirements = project["dependencies"] + project["optional-dependencies"]["cost"]
    wished = [re.split(r"[^\w-]", requirement)[0] for requirement in requirements]

    assert sorted(f"`{name}`" for name in wished) == sorted(
        row[0] for row in rows("docs/architecture.md") if row[0][1:-1] in wished
    )


def test_modules_are_mapped():
    """Each module is in the map of the architecture."""
    package = ROOT / "src/rookery"
    paths = [path.relative_to(package) for path in package.rglob("*.py")]
    modules = {f"`{path}`" for path in paths if not path.name.startswith("__")}
    mapped = {row[0] for row in rows("docs/architecture.md") if row[0].endswith(".py`")}

    assert modules == mapped


def makefile() -> str:
    return "\n".join(path.read_text() for path in [ROOT / "Makefile", *ROOT.glob("mk/*.mk")])


def test_targets_explain_themselves():
    """`make help` has a line for each target that people call."""
    targets = set(re.findall(r"^\.PHONY: (.+)$", makefile(), re.MULTILINE))
    helped = set(re.findall(r"^([a-z0-9-]+):.*## ", makefile(), re.MULTILINE))

    assert {name for line in targets for name in line.split()} == helped


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_targets_exist(page: Path):
    """A page names no make target that is not there."""
    named = set(re.findall(r"`make ([a-z][a-z0-9-]*)", page.read_text()))
    helped = set(re.findall(r"^([a-z0-9-]+):.*## ", makefile(), re.MULTILINE))

    assert named <= helped


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page: Path):
    """A link to a file of the repository leads to one."""
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())

    assert [] == [link for link in links if not (page.parent / link).exists()]


def test_versions_agree():
    """The newest version of the changelog is the package's."""
    newest = re.findall(
        r"^## (?!Unreleased)\[?([\d.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )

    assert __version__ == newest[0]


def test_sizes():
    """The front pages stay short enough to be read."""
    lengths = {
        name: len((ROOT / name).read_text().splitlines())
        for name in ("README.md", "CONTRIBUTING.md")
    }

    assert lengths["README.md"] <= 150
    assert lengths["CONTRIBUTING.md"] <= 120


def test_only_settings_reads_the_environment():
    """One module reads the environment, so that one table can document it."""
    readers = [
        path.name
        for path in (ROOT / "src").rglob("*.py")
        if re.search(r"\benviron\b|\bgetenv\b", path.read_text())
    ]

    assert ["settings.py"] == readers
