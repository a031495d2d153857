"""The optional libraries this package stands on, imported when first needed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from catalyst_sdk.errors import MissingExtra

_PURPOSE = "Reading trace files with SQL"


def optional(name: str) -> Any:
    """Import a module of the `[halo]` extra, or raise MissingExtra."""
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtra("halo", _PURPOSE) from error
