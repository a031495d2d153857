"""Which detectors there are: every package, this one included, offers them by entry point."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib.metadata import entry_points
from typing import Any, cast

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.halo.detectors._detector import Detector

__all__ = ["ENTRY_POINT_GROUP", "installed", "select"]

ENTRY_POINT_GROUP = "catalyst_detector"
"""Each entry point names a `Detector` or a sequence of them."""


def installed(failed: list[str] | None = None) -> list[Detector]:
    """Give all installed detectors, sorted by name.

    One that cannot be loaded is named with its reason in *failed*; without it, it raises.
    """
    found: dict[str, Detector] = {}
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda p: (p.name, p.value)):
        try:
            for one in _loaded(point.load(), point.value):
                found.setdefault(one.name, one)
        except Exception as error:  # a third party's code, named in the report
            if failed is None:
                raise
            failed.append(f"Detectors of {point.value}: {type(error).__name__}: {error}.")
    if not found:
        raise ConfigError(
            "No detector is installed.",
            hint="The installation is older than the code: run pip install -e . in the checkout.",
        )
    return [found[name] for name in sorted(found)]


def _loaded(value: Any, where: str) -> Iterable[Detector]:
    several = cast("Sequence[Any]", value) if isinstance(value, (list, tuple)) else (value,)
    for one in several:
        if not isinstance(one, Detector):
            raise ConfigError(
                f"{where} is no detector.", hint="Make one with catalyst_sdk.halo.detector."
            )
        yield one


def select(
    wanted: Sequence[Detector | str] | None, failed: list[str] | None = None
) -> list[Detector]:
    """Choose detectors: all when None; else those given, text naming installed ones.

    A name may have wildcards (`retry-*`) or be a category (`cost`); `*` means all installed.
    """
    if wanted is None:
        return installed(failed)
    chosen: dict[str, Detector] = {}
    for item in wanted:
        for one in [item] if isinstance(item, Detector) else _named(item, failed):
            chosen[one.name] = one
    return list(chosen.values())


def _named(pattern: str, failed: list[str] | None) -> list[Detector]:
    everything = installed(failed)
    found = [d for d in everything if fnmatchcase(d.name, pattern) or d.category == pattern]
    if not found:
        near = get_close_matches(pattern, [d.name for d in everything], n=1)
        hint = f"Did you mean `{near[0]}`?" if near else "`*` means all."
        raise ConfigError(f"There is no detector `{pattern}`.", hint=hint)
    return found
