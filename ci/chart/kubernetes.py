"""Take from a cluster's OpenAPI what the chart's values pass on as it is.

    kubectl get --raw /openapi/v2 | python ci/chart/kubernetes.py

writes ci/chart/kubernetes.json: the Kubernetes types that helm/values.yaml names by `k8s`, and the
types that those are made of, strict: an unknown field is an error, null leaves a field out.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PREFIX = "#/definitions/"
# Types that are written in more than one way.
FREE: dict[str, dict[str, Any]] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string", "null"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["string", "number", "null"]},
}


def strict(schema: dict[str, Any]) -> dict[str, Any]:
    """One OpenAPI type as a strict JSON schema without its prose."""
    if "$ref" in schema:
        return {"$ref": "#/$defs/" + schema["$ref"].removeprefix(PREFIX)}
    kind = schema.get("type", "object")
    result: dict[str, Any] = {"type": [kind, "null"]}
    if "items" in schema:
        result["items"] = strict(schema["items"])
    if "properties" in schema:
        result["properties"] = {k: strict(v) for k, v in sorted(schema["properties"].items())}
        result["additionalProperties"] = False
    elif "additionalProperties" in schema:
        result["additionalProperties"] = strict(schema["additionalProperties"])
    if "required" in schema:
        result["required"] = schema["required"]
    return result


def main() -> None:
    """Read OpenAPI from stdin, write kubernetes.json."""
    openapi = json.load(sys.stdin)
    sources = (HERE.parents[1] / "helm/values.yaml", HERE / "definitions.yaml")
    wanted = re.findall(r"k8s: ([\w.]+)", "".join(path.read_text() for path in sources))
    found: dict[str, Any] = {}
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = FREE.get(name) or strict(openapi["definitions"][name])
            wanted += re.findall(r"#/\$defs/([\w.]+)", json.dumps(found[name]))
    document = {"version": openapi["info"]["version"], "types": dict(sorted(found.items()))}
    (HERE / "kubernetes.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
