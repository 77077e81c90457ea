"""Structured logs: one JSON object a line, or a readable line on a terminal.

Everything that the process prints goes this way, uvicorn's own lines and tracebacks included. The
access line is written without the logging module, whose records cost more than the rest of it.
"""

import contextlib
import logging
import logging.config
import os
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NoReturn

import orjson

from rookery.settings import Settings

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# A line longer than PIPE_BUF (4096 bytes) could be torn apart by another writer of the same pipe.
MAX_PATH_LENGTH = 2048
CLOCK = "%H:%M:%S"

_STDOUT = 1
_PLAIN_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "color_message"}


class JSONFormatter(logging.Formatter):
    """A log record as one JSON object: time (UTC), level, logger, message, extras, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage().strip(),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        extras = vars(record).items()
        line |= {key: value for key, value in extras if key not in _PLAIN_ATTRIBUTES}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class ConsoleFormatter(logging.Formatter):
    """A log record as a line for a person; control characters of the message are escaped."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return datetime.fromtimestamp(record.created, UTC).strftime(datefmt or CLOCK)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return super().formatMessage(record).translate(_ESCAPES)


_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(9), *range(10, 32), 127)}
_FORMATTERS = {"json": JSONFormatter, "console": ConsoleFormatter}


def chosen_format(settings: Settings) -> str:
    """`json` or `console`: what `auto` comes to on this standard output."""
    if settings.log_format != "auto":
        return settings.log_format
    return "console" if sys.stdout.isatty() else "json"


def configure(settings: Settings) -> None:
    """Send every logger's lines to standard output, in the format that the settings choose.

    uvicorn's loggers lose their own handlers, and its access log is off: ours is the one.
    """
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": _FORMATTERS[chosen_format(settings)]}},
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "line",
                }
            },
            "root": {"level": settings.log_level.upper(), "handlers": ["stdout"]},
            "loggers": {
                "uvicorn": {"handlers": [], "propagate": True},
                "uvicorn.error": {"handlers": [], "propagate": True},
                "uvicorn.access": {"handlers": [], "propagate": False},
            },
        }
    )


class AccessLog:
    """Writes the line of each request: method, route, path, status, duration, ids, client."""

    def __init__(self, settings: Settings) -> None:
        self._render = _RENDERERS[chosen_format(settings)]
        self._least_status = 0 if settings.log_level in ("debug", "info") else 500

    def wants(self, status: int) -> bool:
        """Whether a request with `status` has a line; above level `info`, only server errors."""
        return status >= self._least_status

    def write(self, line: dict[str, Any]) -> None:
        """Write `line` to standard output at once."""
        with contextlib.suppress(OSError):  # a log that nobody reads must fail no request
            os.write(_STDOUT, self._render(line))


def _json(line: dict[str, Any]) -> bytes:
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _console(line: dict[str, Any]) -> bytes:
    milliseconds = line["duration_seconds"] * 1000
    clock = datetime.now(UTC).strftime(CLOCK)
    level = line["level"].upper()
    return f"{clock} {level:7} {line['message']} in {milliseconds:.1f} ms\n".encode()


_RENDERERS = {"json": _json, "console": _console}


def timestamp(seconds: float) -> str:
    """`seconds` since the epoch as ISO 8601 with offset, in UTC whatever TZ says."""
    whole = int(seconds)
    return f"{_whole_second(whole)}.{int((seconds - whole) * 1000):03}+00:00"


@lru_cache(maxsize=1)  # a service writes many lines a second
def _whole_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def printable_path(scope: Any) -> str:
    """The path as the client sent it, percent-encoded, cut to `MAX_PATH_LENGTH` characters."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw[:MAX_PATH_LENGTH].decode("ascii", "backslashreplace")


def stop(settings: Settings, reason: str, code: int) -> NoReturn:
    """Log why the process cannot go on, a line for each sentence of `reason`, and end it."""
    configure(settings)
    for sentence in reason.splitlines():
        logging.getLogger("rookery").critical(sentence)
    raise SystemExit(code)
