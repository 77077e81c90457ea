"""What a pod asks for, as the scheduler counts it."""

import pytest

from rookery.cost.pods import Requests, requests_of, unasked
from rookery.cost.refusal import Refusal


def container(cpu=None, memory=None, name="c", **more):
    """A container that requests so much."""
    asked = {"cpu": cpu, "memory": memory}
    requests = {key: value for key, value in asked.items() if value is not None}
    return {"name": name, "resources": {"requests": requests}, **more}


def sidecar(cpu):
    """An init container that stays."""
    return container(cpu, restartPolicy="Always")


@pytest.mark.parametrize(
    ("spec", "vcpus"),
    [
        ({"containers": [container("1"), container("500m")]}, 1.5),
        ({"containers": [container("1")], "initContainers": [container("3")]}, 3),
        ({"containers": [container("1")], "initContainers": [container("500m")]}, 1),
        ({"containers": [container("1")], "initContainers": [sidecar("1")]}, 2),
        ({"containers": [container("1")], "initContainers": [sidecar("1"), container("3")]}, 4),
        ({"containers": [container("1")], "initContainers": [container("3"), sidecar("1")]}, 3),
        ({"containers": [container("1")], "overhead": {"cpu": "250m"}}, 1.25),
        ({"containers": [container("1")], "resources": {"requests": {"cpu": "3"}}}, 3),
        ({"containers": [container("1")], "resources": {"limits": {"cpu": "3"}}}, 1),
        ({"containers": [container()], "resources": {"limits": {"cpu": "3"}}}, 3),
        ({"containers": [{"name": "c", "resources": {"limits": {"cpu": "2"}}}]}, 2),
        ({"containers": [{"name": "c"}], "initContainers": None}, 0),
        ({}, 0),
    ],
)
def test_requests(spec, vcpus):
    """Sums, the greater of before and after, sidecars, overhead, the pod's own."""
    assert Requests(vcpus) == requests_of(spec, "Pod x")


def test_memory():
    """Memory is in GiB, and counted for itself."""
    spec = {"containers": [container("1", "512Mi")], "initContainers": [container("100m", "1Gi")]}
    own = {**spec, "resources": {"limits": {"memory": "9Gi"}, "requests": {"memory": "2Gi"}}}

    assert Requests(1, 1) == requests_of(spec, "Pod x")
    assert Requests(1, 2) == requests_of(own, "Pod x")


def test_refused():
    """A wrong quantity is named with pod and container."""
    with pytest.raises(Refusal, match="Pod x, container web: cpu is 'lots'"):
        requests_of({"containers": [container("lots", name="web")]}, "Pod x")


def test_unasked():
    """What asks for nothing is named, unless the pod asks for all of them."""
    spec = {"containers": [container("1", name="a"), {"name": "b"}]}

    assert ["a (memory)", "b (cpu)", "b (memory)"] == unasked(spec)
    assert ["a (memory)", "b (memory)"] == unasked({**spec, "resources": {"requests": {"cpu": 1}}})
