"""Make helm/values.schema.json and the table in helm/README.md out of helm/values.yaml.

    python ci/chart/docs.py            writes both
    python ci/chart/docs.py --check    fails when they are stale

The comment `# -- …` above a key documents it, or the whole group above whose name it stands. The
comment `# @schema {…}` beside a key constrains it beyond the type of its default: JSON schema, with
`use: NAME` for a definition in definitions.yaml and `k8s: TYPE` for a type of Kubernetes. Nothing
unknown is let through, except below `global`, which belongs to the chart's parents.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rookery.settings import PREFIX, Settings

HERE = Path(__file__).parent
CHART = HERE.parents[1] / "helm"
BEGIN, END = "<!-- values -->\n", "<!-- /values -->\n"
OPTIONAL = ("use", "k8s", "items", "additionalProperties")


@dataclass(frozen=True)
class Value:
    """One key of values.yaml."""

    path: tuple[str, ...]
    default: Any
    doc: str
    constraint: dict[str, Any] | None

    @property
    def is_group(self) -> bool:
        return isinstance(self.default, dict) and self.constraint is None


def read(text: str) -> Iterator[Value]:
    """Every key of a values file, parents first, with the comments that belong to it."""
    lines = text.splitlines()

    def walk(node: yaml.MappingNode, path: tuple[str, ...]) -> Iterator[Value]:
        for key, child in node.value:
            line = key.start_mark.line
            found = re.search(r"# @schema (\{.*\})$", lines[line])
            constraint = yaml.safe_load(found[1]) if found else None
            default = yaml.safe_load(yaml.serialize(child))
            value = Value((*path, key.value), default, _comment(lines, line), constraint)
            yield value
            if value.is_group:
                yield from walk(child, value.path)

    root = yaml.compose(text)
    if not isinstance(root, yaml.MappingNode):
        raise SystemExit("values.yaml: a mapping is expected")
    yield from walk(root, ())


def _comment(lines: list[str], line: int) -> str:
    block: list[str] = []
    while line and lines[line - 1].lstrip().startswith("#"):
        line -= 1
        block.insert(0, lines[line].strip().removeprefix("#").strip())
    return " ".join(block).partition("-- ")[2]


def schema(values: list[Value]) -> dict[str, Any]:
    """The JSON schema that helm checks values by."""
    root = _strict_object()
    groups: dict[tuple[str, ...], dict[str, Any]] = {(): root}
    for value in values:
        entry = _strict_object() if value.is_group else _leaf(value)
        if value.doc:
            entry["description"] = value.doc
        parent = groups[value.path[:-1]]
        parent["properties"][value.path[-1]] = entry
        if not _may_be_null(value):
            parent["required"].append(value.path[-1])
        if value.is_group:
            groups[value.path] = entry
    root["properties"]["global"] = {
        "description": "Values of the parent chart; `imagePullSecrets` is read here",
        "type": ["object", "null"],
        "properties": {"imagePullSecrets": {"use": "pullSecrets"}},
    }
    root["properties"]["enabled"] = {
        "description": "Read by the `condition` of a parent chart; without one it cannot be false",
        "const": True,
    }
    return _with_definitions({"$schema": "https://json-schema.org/draft/2020-12/schema", **root})


def _strict_object() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}, "required": []}


def _leaf(value: Value) -> dict[str, Any]:
    constraint = dict(value.constraint or {})
    if not {"use", "k8s", "type", "enum", "anyOf"} & set(constraint):
        kind = _kind(value.default)
        constraint["type"] = [kind, "null"] if _may_be_null(value) else kind
    if isinstance(value.default, dict | list) and not constraint.keys() & set(OPTIONAL):
        raise SystemExit(f"{'.'.join(value.path)}: say with @schema what it may hold")
    return constraint


def _kind(default: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return {**kinds, list: "array", dict: "object"}[type(default)]


def _may_be_null(value: Value) -> bool:
    """Whether a null leaves something out, and so makes sense."""
    constraint = value.constraint or {}
    if value.is_group:
        return value.path[-1].endswith("Probe")
    return "null" in constraint.get("type", ()) or isinstance(value.default, dict | list | None)


def _with_definitions(document: dict[str, Any]) -> dict[str, Any]:
    """The schema with `use` and `k8s` resolved, and with the definitions they lead to."""
    known = yaml.safe_load((HERE / "definitions.yaml").read_text())
    known |= json.loads((HERE / "kubernetes.json").read_text())["types"]
    variable = {"use": "variable"}
    settings = sorted(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)
    # RE2 cannot say "not": a name that leaves the prefix somewhere on its way
    others = "|".join(f"{PREFIX[:n]}([^{letter}]|$)" for n, letter in enumerate(PREFIX))
    known["env"]["properties"] = dict.fromkeys(settings, variable)
    known["env"]["patternProperties"] = {f"^({others})": variable}
    document, definitions = _references(document), {}
    wanted = _names(document)
    while wanted:
        name = wanted.pop()
        if name not in definitions:
            definitions[name] = _references(known[name])
            wanted |= _names(definitions[name])
    return {**document, "$defs": dict(sorted(definitions.items()))}


def _references(node: Any) -> Any:
    if isinstance(node, list):
        return [_references(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _references(item) for key, item in node.items()}
    name = node.pop("use", None) or node.pop("k8s", None)
    return {"$ref": f"#/$defs/{name}", **node} if isinstance(name, str) else node


def _names(node: Any) -> set[str]:
    return set(re.findall(r'"#/\$defs/([\w.]+)"', json.dumps(node)))


def table(values: list[Value]) -> str:
    """The values as a Markdown table; a documented group is one row."""
    rows = ["| value | default | meaning |", "|---|---|---|"]
    covered: tuple[str, ...] = ("",)
    for value in values:
        if value.path[: len(covered)] == covered:
            continue
        if not value.doc and not value.is_group:
            raise SystemExit(f"{'.'.join(value.path)}: document it with `# -- …` above it")
        if value.doc:
            default = json.dumps(value.default, ensure_ascii=False).replace("|", "\\|")
            rows.append(f"| `{'.'.join(value.path)}` | `{default}` | {value.doc} |")
            covered = value.path
    return "\n".join(rows) + "\n"


def outputs() -> dict[Path, str]:
    """What each generated file should hold."""
    values = list(read((CHART / "values.yaml").read_text()))
    readme = (CHART / "README.md").read_text()
    before, rest = readme.split(BEGIN)
    after = rest.split(END)[1]
    return {
        CHART / "README.md": f"{before}{BEGIN}\n{table(values)}\n{END}{after}",
        CHART / "values.schema.json": json.dumps(schema(values), ensure_ascii=False, indent=1)
        + "\n",
    }


def main(arguments: list[str]) -> str | None:
    """Write or check; the returned sentence is the failure."""
    wanted = outputs()
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if arguments == ["--check"]:
        names = ", ".join(path.name for path in stale)
        return (
            f"{names} is stale: run `make chart-docs` and commit what it writes" if stale else None
        )
    for path in stale:
        path.write_text(wanted[path])
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
