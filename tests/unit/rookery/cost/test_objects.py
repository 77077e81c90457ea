"""Objects out of rendered files."""

import io
import sys

import pytest

from rookery.cost.objects import name_of, read_objects
from rookery.cost.refusal import Refusal


def test_standard_input(monkeypatch):
    """`-` is what is piped in."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("kind: Pod\nmetadata: {name: x, namespace: y}"))

    assert ["Pod y/x"] == [name_of(each) for each in read_objects("-")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("a: 1\nb: {{ .Values.x }}\n", "line 2 is no YAML: render it first"),
        ("a: \x01", "is no YAML"),
        ("just text", "no Kubernetes object: 'just text'"),
        ("kind: Pod", "a Pod without metadata"),
        ("{metadata: {}}", "no Kubernetes object"),
    ],
)
def test_refused(tmp_path, content, sentence):
    """One sentence, with the line."""
    path = tmp_path / "x.yaml"
    path.write_text(content)
    with pytest.raises(Refusal) as refusal:
        read_objects(str(path))

    assert sentence in str(refusal.value)


def test_no_file(tmp_path):
    """A file that is not there is refused."""
    with pytest.raises(Refusal, match="cannot be read"):
        read_objects(str(tmp_path / "none"))
