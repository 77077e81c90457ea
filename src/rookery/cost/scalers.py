"""The autoscalers of rendered manifests: what they scale, and between which numbers."""

from collections.abc import Callable
from typing import Any

from rookery.cost.objects import is_count, name_of, namespace_of
from rookery.cost.refusal import Refusal

KEDA_MOST = 100  # pods, where no maximum is given


class Scalers:
    """The autoscalers among the objects, by what they scale."""

    def __init__(self, objects: list[dict[str, Any]], remarks: list[str]) -> None:
        self._remarks = remarks
        self._ranges: dict[tuple[str, str, str], tuple[str, int, int]] = {}
        for each in objects:
            if each.get("kind") in _SCALERS:
                self._note(each)

    def _note(self, scaler: dict[str, Any]) -> None:
        name, spec = name_of(scaler), scaler.get("spec") or {}
        target = spec.get("scaleTargetRef") or {}
        key = namespace_of(scaler), target.get("kind", "Deployment"), str(target.get("name"))
        least, most = _SCALERS[scaler["kind"]](spec)
        if not is_count(least) or not is_count(most) or least > most:
            raise Refusal(f"{name} scales from {least} to {most}: give a minimum up to the maximum")
        if key in self._ranges:
            other, low, high = self._ranges[key]
            self._remarks.append(f"{name} and {other} scale the same: they will fight")
            least, most = max(low, least), max(high, most)
        self._ranges[key] = name, least, most

    def take(self, workload: dict[str, Any], replicas: int) -> tuple[int, int]:
        """The range of a workload, which is its replicas if nothing scales it."""
        key = namespace_of(workload), workload["kind"], workload["metadata"]["name"]
        name, least, most = self._ranges.pop(key, ("", replicas, replicas))
        if name and replicas == 0:
            self._remarks.append(f"{name} does nothing: its target has 0 replicas")
            return 0, 0
        return least, most

    def unused(self) -> None:
        """Remark on those whose target is not among the objects."""
        for (_, kind, target), (name, _, _) in self._ranges.items():
            self._remarks.append(f"{name} scales {kind} {target}, which is not here")


def _hpa(spec: dict[str, Any]) -> tuple[Any, Any]:
    return spec.get("minReplicas", 1), spec.get("maxReplicas")


def _scaled_object(spec: dict[str, Any]) -> tuple[Any, Any]:
    least = spec.get("minReplicaCount", 0)
    return spec.get("idleReplicaCount", least), spec.get("maxReplicaCount", KEDA_MOST)


_SCALERS: dict[str, Callable[[dict[str, Any]], tuple[Any, Any]]] = {
    "HorizontalPodAutoscaler": _hpa,
    "ScaledObject": _scaled_object,
}
