"""Workloads out of rendered manifests: what each pod asks for, and how many there are."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rookery.cost.cron import runs_a_month
from rookery.cost.objects import is_count, name_of, read_objects
from rookery.cost.pods import Requests, requests_of, unasked
from rookery.cost.quantities import HOURS_A_MONTH
from rookery.cost.refusal import Refusal
from rookery.cost.scalers import KEDA_MOST, Scalers

_REPLICATED = ("Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout")


@dataclass(frozen=True)
class Workload:
    """Pods that are alike.

    Attributes:
        name: kind, namespace and name.
        requests: what one pod asks for.
        least: the fewest pods, as a mean over the month where they come and go.
        most: the most pods, likewise.
        per_node: whether they are on every node.
    """

    name: str
    requests: Requests
    least: float
    most: float
    per_node: bool = False


@dataclass(frozen=True)
class Assumptions:
    """What no manifest says.

    Attributes:
        nodes: how many nodes there are, for DaemonSets.
        run_seconds: how long a run of a CronJob takes.
    """

    nodes: int = 1
    run_seconds: float = 300


@dataclass
class Manifests:
    """What was found: workloads by name, and what is to be said beside them."""

    workloads: dict[str, Workload] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def read(paths: list[str], assumptions: Assumptions | None = None) -> Manifests:
    """The workloads of rendered files; `-` is the standard input.

    Raises:
        Refusal: One cannot be read, is no YAML, or cannot be priced.
    """
    objects = [each for path in paths for each in read_objects(path)]
    return of_objects(objects, assumptions or Assumptions())


def of_objects(objects: list[dict[str, Any]], assumptions: Assumptions) -> Manifests:
    """The workloads among `objects`.

    Raises:
        Refusal: One cannot be priced.
    """
    found = Manifests()
    scalers = Scalers(objects, found.remarks)
    for each in objects:
        name, kind, spec = name_of(each), each.get("kind"), each.get("spec") or {}
        if "helm.sh/hook" in (each["metadata"].get("annotations") or {}):
            continue  # runs and goes
        counted = _KINDS.get(str(kind))
        if counted is None:
            if isinstance(spec.get("template"), dict) and (spec["template"].get("spec") or {}).get(
                "containers"
            ):
                found.remarks.append(
                    f"{name} has pods of a kind that is not known: not in the bill"
                )
            continue
        _add(found, name, counted(each, spec, scalers, assumptions))
    scalers.unused()
    return found


@dataclass(frozen=True)
class _Counted:
    pod: dict[str, Any]
    least: float
    most: float
    per_node: bool = False
    remark: str = ""


def _add(found: Manifests, name: str, counted: _Counted) -> None:
    if name in found.workloads:
        found.remarks.append(f"{name} comes twice: the last one counts")
    if counted.remark:
        found.remarks.append(f"{name} {counted.remark}")
    if lacking := unasked(counted.pod):
        found.remarks.append(
            f"{name} asks for nothing, and so costs nothing here, in {', '.join(lacking)}"
        )
    requests = requests_of(counted.pod, name)
    found.workloads[name] = Workload(name, requests, counted.least, counted.most, counted.per_node)


def _replicated(
    each: dict[str, Any], spec: dict[str, Any], scalers: Scalers, _: Assumptions
) -> _Counted:
    replicas = spec.get("replicas")
    replicas = 1 if replicas is None else replicas
    if not is_count(replicas):
        raise Refusal(f"{name_of(each)} has {replicas!r} replicas: give a whole number")
    return _Counted(_template(spec), *scalers.take(each, replicas))


def _daemon_set(_: Any, spec: dict[str, Any], __: Scalers, assumed: Assumptions) -> _Counted:
    nodes = f"{assumed.nodes} node" + "s" * (assumed.nodes != 1)
    remark = f"is on every node: {nodes} reckoned with, say another number by --nodes"
    return _Counted(_template(spec), assumed.nodes, assumed.nodes, per_node=True, remark=remark)


def _cron_job(
    each: dict[str, Any], spec: dict[str, Any], _: Scalers, assumed: Assumptions
) -> _Counted:
    job = (spec.get("jobTemplate") or {}).get("spec") or {}
    seconds = min(assumed.run_seconds, job.get("activeDeadlineSeconds") or assumed.run_seconds)
    try:
        runs = 0 if spec.get("suspend") else runs_a_month(str(spec.get("schedule")))
    except Refusal as refusal:
        raise Refusal(f"{name_of(each)}: {refusal}") from None
    at_once = job.get("parallelism", 1)
    share = runs * seconds / 3600 / HOURS_A_MONTH * at_once
    if spec.get("concurrencyPolicy", "Allow") != "Allow":
        share = min(share, at_once)
    remark = f"runs {runs:g} times a month, {seconds:g} s each reckoned with, say another by --run-seconds"
    return _Counted(_template(job), share, share, remark=remark)


def _job(_: Any, spec: dict[str, Any], __: Scalers, ___: Assumptions) -> _Counted:
    return _Counted(_template(spec), 0, 0, remark="runs once: not in a monthly bill")


def _scaled_job(_: Any, spec: dict[str, Any], __: Scalers, ___: Assumptions) -> _Counted:
    job = spec.get("jobTargetRef") or {}
    most = spec.get("maxReplicaCount", KEDA_MOST) * job.get("parallelism", 1)
    return _Counted(_template(job), spec.get("minReplicaCount", 0), most)


def _pod(_: Any, spec: dict[str, Any], __: Scalers, ___: Assumptions) -> _Counted:
    if spec.get("restartPolicy", "Always") == "Always":
        return _Counted(spec, 1, 1)
    return _Counted(spec, 0, 0, remark="runs once: not in a monthly bill")


_KINDS: dict[str, Callable[[dict[str, Any], dict[str, Any], Scalers, Assumptions], _Counted]] = {
    **dict.fromkeys(_REPLICATED, _replicated),
    "DaemonSet": _daemon_set,
    "CronJob": _cron_job,
    "Job": _job,
    "ScaledJob": _scaled_job,
    "Pod": _pod,
}


def _template(spec: dict[str, Any]) -> dict[str, Any]:
    pod: dict[str, Any] = (spec.get("template") or {}).get("spec") or {}
    return pod
