"""Find installed integrations, turn them on and off."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Collection, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any
from weakref import WeakSet

import msgspec
from opentelemetry.instrumentation.dependencies import get_dependency_conflicts
from opentelemetry.sdk.trace import TracerProvider as SdkTracerProvider
from opentelemetry.trace import TracerProvider

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.instrumentation._instrumentor import Instrumentor
from catalyst_sdk.instrumentation.llm import ClaimProcessor

ENTRY_POINT_GROUP = "catalyst_instrumentor"

_watched: WeakSet[SdkTracerProvider] = WeakSet()
_log = logging.getLogger(__name__)


class InstrumentReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was instrumented, and what was not with the reason, by name of integration."""

    instrumented: list[str] = []
    skipped: dict[str, str] = {}


def instrument_installed(
    provider: TracerProvider | None, only: Collection[str] | None = None, **options: Any
) -> InstrumentReport:
    """Instrument every installed library there is an integration for, or those named in *only*.

    Libraries are looked up in package metadata, never imported. *options* reach every
    instrumentor (`capture_content=False`). Raises ConfigError for a name no integration has.
    """
    found = _integrations()
    _settle_foreign_claims(provider)
    wanted = sorted(found) if only is None else _resolve(only, found)
    report = InstrumentReport(instrumented=[], skipped={})
    for name in wanted:
        reason, loud = _instrument(found[name], provider, options)
        if reason is None:
            report.instrumented.append(name)
            continue
        report.skipped[name] = reason
        level = logging.WARNING if loud or only is not None else logging.DEBUG
        _log.log(level, "integration %r is off: %s", name, reason)
    return report


def uninstrument(names: Iterable[str]) -> None:
    """Turn the named integrations off; their libraries are as if never touched."""
    found = _integrations()
    for name in names:
        instrumentor: Instrumentor = found[name].load()()
        if instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.uninstrument()


def _settle_foreign_claims(provider: TracerProvider | None) -> None:
    if isinstance(provider, SdkTracerProvider) and provider not in _watched:
        _watched.add(provider)
        provider.add_span_processor(ClaimProcessor())


def _integrations() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}


def _resolve(only: Collection[str], found: Collection[str]) -> list[str]:
    known = {name.replace("-", "_"): name for name in found}
    wanted: set[str] = set()
    for asked in only:
        name = known.get(asked.replace("-", "_"))
        if name is None:
            close = difflib.get_close_matches(asked, found, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(sorted(found))}."
            raise ConfigError(f"There is no integration named {asked!r}.", hint=hint)
        wanted.add(name)
    return sorted(wanted)


def _instrument(
    entry_point: EntryPoint, provider: TracerProvider | None, options: dict[str, Any]
) -> tuple[str | None, bool]:
    """Return why it was not instrumented, if so, and whether that deserves a warning."""
    try:
        instrumentor: Instrumentor = entry_point.load()()
        conflict = get_dependency_conflicts(instrumentor.instrumentation_dependencies())
        if conflict is not None and conflict.found is None:
            return "not installed", False
        if conflict is not None:
            return f"{conflict.found} is outside of {conflict.required}", True
        if not instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.instrument(tracer_provider=provider, skip_dep_check=True, **options)
    except Exception as error:  # noqa: BLE001 - a broken integration must not stop the host
        _log.debug("integration %r failed to load", entry_point.name, exc_info=True)
        return f"failed to load: {error!r}", True
    return None, False
