"""Every setting of a service, read once, from the environment or from mounted files.

Nobody else reads the environment. A setting `x` is the variable `ROOKERY_X`, or a file of that
name in the folder that `ROOKERY_SECRETS_DIR` names; the variable wins. An empty value counts as
unset, so that a manifest can leave one blank.

The reading is ours, the checking is pydantic's: pydantic-settings would cost each pod 4 MiB and a
tenth of its start.
"""

import difflib
import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

PREFIX = "ROOKERY_"
SECRETS_DIR = "/run/secrets/rookery"

# What Kubernetes puts into a pod's environment for each Service of its namespace. A Service that
# is called `rookery` makes ROOKERY_PORT=tcp://10.96.0.7:80 of it, which is no port.
_SERVICE_LINK = re.compile(
    r"\w+_SERVICE_(HOST|PORT)(_\w+)?=.*|\w+_PORT_\d+_\w+=.*|\w+=(tcp|udp|sctp)://.*"
)


class SettingsError(Exception):
    """The settings cannot be used; each line of the text is one sentence that says why."""


def _addresses(value: object) -> object:
    """Split a comma-separated list, and refuse what is neither an address, a network nor `*`."""
    entries = value.split(",") if isinstance(value, str) else value
    if not isinstance(entries, list | tuple):
        return value
    stripped = tuple(str(entry).strip() for entry in entries)
    for entry in stripped:
        if entry != "*":
            ipaddress.ip_network(entry, strict=False)
    return stripped


def _root_path(value: object) -> object:
    if isinstance(value, str) and value.strip("/"):
        return "/" + value.strip("/")
    return "" if isinstance(value, str) else value


Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
PositiveSeconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseModel):
    """How one process serves. Times are in seconds, sizes in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("0.0.0.0", description="address the service listens on")
    port: Port = Field(8123, description="port of the service; 0 picks a free one")
    admin_port: Port | None = Field(
        None,
        description="port of `/metrics`, `/livez` and `/readyz`, served by a thread of their own; "
        "unset, they are on the service's port",
    )
    root_path: Annotated[str, BeforeValidator(_root_path)] = Field(
        "", description="path prefix under which a proxy publishes the service"
    )
    forwarded_allow_ips: Annotated[tuple[str, ...], BeforeValidator(_addresses)] = Field(
        (),
        description="proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: "
        "addresses and networks, comma-separated, or `*`; nobody unless set",
    )
    docs: bool = Field(True, description="serve `/docs` and `/openapi.json`")

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least level that is logged"
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`json`, `console`, or `auto`: console on a terminal, else JSON"
    )
    access_log: bool = Field(True, description="log one line a request")

    drain_seconds: Seconds = Field(
        6.0, description="time between SIGTERM and the end of listening, for clients to learn of it"
    )
    stop_timeout_seconds: PositiveSeconds = Field(
        15.0, description="time that requests in flight get after the drain"
    )
    keep_alive_seconds: PositiveSeconds = Field(
        75.0, description="time after which an idle connection is closed; above the proxy's own"
    )
    read_timeout_seconds: PositiveSeconds = Field(
        20.0,
        description="time for a request's headers to arrive, and between two pieces of its body",
    )
    max_header_bytes: Annotated[int, Field(ge=1024)] = Field(
        65536, description="largest request line and headers; larger ones get a 431"
    )
    max_body_bytes: Annotated[int, Field(ge=0)] = Field(
        10 * 1024 * 1024, description="largest request body; larger ones get a 413"
    )

    max_in_flight: Annotated[int, Field(ge=1)] = Field(
        1000, description="most requests at once; those above get a 503 with `Retry-After`"
    )
    max_queue_seconds: Seconds = Field(
        0.06,
        description="how long requests may wait for the processor, on average, while the process "
        "is saturated; lowers the bound on requests in flight to what is served in this time and "
        "the usual one; 0 never lowers it",
    )
    ready_lag_seconds: PositiveSeconds = Field(
        2.0, description="age of the event loop's heartbeat from which the service is not ready"
    )
    live_lag_seconds: PositiveSeconds = Field(
        30.0, description="age of the event loop's heartbeat from which the service is not alive"
    )

    revision: str = Field("", description="source revision, shown in `rookery_build_info`")
    otel_exporter_otlp_endpoint: str = Field(
        "",
        description="OTLP collector; set, requests are traced (needs the extra `rookery[otel]`)",
    )
    otel_exporter_otlp_traces_endpoint: str = Field(
        "",
        description="OTLP collector for traces alone; wins over the one above",
    )
    otel_sdk_disabled: bool = Field(False, description="trace nothing all the same")

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        if self.port and self.port == self.admin_port:
            raise ValueError(
                f"{PREFIX}ADMIN_PORT is {self.admin_port}, the port of the service itself: "
                f"choose another, or unset it to serve metrics and probes on {PREFIX}PORT"
            )
        return self

    @property
    def tracing(self) -> bool:
        """Whether the environment asks for traces, as OpenTelemetry defines it."""
        asked = self.otel_exporter_otlp_endpoint or self.otel_exporter_otlp_traces_endpoint
        return bool(asked) and not self.otel_sdk_disabled


def variable(name: str) -> str:
    """The environment variable of the setting `name`; OpenTelemetry's keep their own names."""
    return name.upper() if name.startswith("otel_") else PREFIX + name.upper()


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings of this process.

    Raises:
        SettingsError: a value cannot be used, or a variable is not a setting.
    """
    _refuse_unknown(environment)
    folder = Path(environment.get(f"{PREFIX}SECRETS_DIR", SECRETS_DIR))
    variables = {name: variable(name) for name in Settings.model_fields}
    given = {name: environment.get(v) or _mounted(folder / v) for name, v in variables.items()}
    try:
        return Settings.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as error:
        raise SettingsError("\n".join(map(_sentence, error.errors()))) from None


def _mounted(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read the setting {file.name} from {file}: {error}") from None


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    """A misspelt variable would leave its default in force for weeks: refuse it."""
    known = {variable(name) for name in Settings.model_fields} | {f"{PREFIX}SECRETS_DIR"}
    names = [name.removeprefix(PREFIX) for name in known]
    for name, value in sorted(environment.items()):
        if not name.startswith(PREFIX) or name in known:
            continue
        if _SERVICE_LINK.fullmatch(f"{name}={value}"):
            continue
        near = difflib.get_close_matches(name[len(PREFIX) :], names, n=1)
        hint = (
            f"did you mean {PREFIX}{near[0]}?" if near else "unset it; docs/settings.md lists them."
        )
        raise SettingsError(f"{name} is not a setting: {hint}")


def _sentence(error: ErrorDetails) -> str:
    """One validation error as a sentence: the variable, its value, what is expected, the way out."""
    if not error["loc"]:
        return error["msg"].removeprefix("Value error, ")
    named = variable(str(error["loc"][0]))
    expected = error["msg"].removeprefix("Value error, ")
    sentence = f"{named} is {error['input']!r}: {expected[0].lower()}{expected[1:]}"
    if _SERVICE_LINK.fullmatch(f"{named}={error['input']}"):
        return f"{sentence} (Kubernetes set it for a Service: set enableServiceLinks to false)"
    return f"{sentence} (unset it for the default)"
