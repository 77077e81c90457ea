"""Kubernetes objects out of rendered files."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from rookery.cost.refusal import Refusal

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_objects(path: str) -> list[dict[str, Any]]:
    """The objects of a file; `-` is the standard input.

    Raises:
        Refusal: It cannot be read, or has something else.
    """
    name = "the standard input" if path == "-" else path
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text()
        documents = list(yaml.load_all(text, _LOADER))  # the safe one, in C
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"{name} cannot be read: {error}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        raise Refusal(
            f"{name}{line} is no YAML: render it first, as `helm template` does"
        ) from None
    found = (each for each in documents if each is not None)
    return [each for document in found for each in _flat(document, name)]


def _flat(document: Any, name: str) -> Iterator[dict[str, Any]]:
    """The object that a document is, or those of a list."""
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise Refusal(f"{name} has a document that is no Kubernetes object: {str(document)[:60]!r}")
    if document["kind"].endswith("List") and isinstance(document.get("items"), list):
        for each in document["items"]:
            yield from _flat(each, name)
    elif not isinstance(document.get("metadata"), dict):
        raise Refusal(f"{name} has a {document['kind']} without metadata")
    else:
        yield document


def is_count(value: Any) -> bool:
    """Whether `value` is a whole number of zero or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def namespace_of(each: dict[str, Any]) -> str:
    """The namespace of an object; empty if it names none."""
    return str(each["metadata"].get("namespace") or "")


def name_of(each: dict[str, Any]) -> str:
    """An object as sentences have it: `Deployment default/web`."""
    namespace = namespace_of(each)
    return f"{each['kind']} {namespace}{'/' if namespace else ''}{each['metadata'].get('name')}"
