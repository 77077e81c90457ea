"""Rookery: what every FastAPI service needs and nobody wants to write."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rookery.app import create_app
    from rookery.settings import Settings

__version__ = "0.1.0"
__all__ = ["Settings", "__version__", "create_app"]

_HOMES = {"Settings": "rookery.settings", "create_app": "rookery.app"}


def __getattr__(name: str) -> Any:
    """Import a public name on first use: the planner must not pay for FastAPI, nor the reverse."""
    if name not in _HOMES:
        raise AttributeError(f"module 'rookery' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
