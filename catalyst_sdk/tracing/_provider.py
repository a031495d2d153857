"""The tracer provider spans go through: joined when there is one, made when there is none."""

from __future__ import annotations

import logging
import os
from typing import NamedTuple

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.sampling import ParentBased, Sampler, TraceIdRatioBased

MAX_ATTRIBUTES = 1024
"""Of a span. OpenTelemetry's 128 evict the span's kind and agent as soon as a program sets many."""
_LIMIT_VARIABLES = {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"}

_log = logging.getLogger("catalyst_sdk")


class Chosen(NamedTuple):
    """The provider of our spans, and the others that feed the same pipeline."""

    provider: TracerProvider
    also: tuple[TracerProvider, ...] = ()
    ours: bool = True
    """Whether its resource and sampler are what we asked for."""


class _Made(NamedTuple):
    provider: TracerProvider
    resource: Resource
    sample_rate: float | None


_global: _Made | None = None


def choose_provider(
    given: TracerProvider | None,
    *,
    set_global: bool,
    resource: Resource,
    sample_rate: float | None,
) -> Chosen:
    """Take *given*, else join the global provider, else make one.

    The provider of an earlier `init` cannot be unset: it is used again, and where its resource or
    sampler differ from today's, a new one makes our spans while the old one still feeds them.
    """
    global _global
    if given is not None:
        return Chosen(given, ours=False)
    existing = trace.get_tracer_provider() if set_global else None
    if _global is not None and existing is _global.provider:
        if _same(resource, _global.resource) and sample_rate == _global.sample_rate:
            return Chosen(_global.provider)
        return Chosen(_make(resource, sample_rate), also=(_global.provider,))
    if isinstance(existing, TracerProvider):
        return Chosen(existing, ours=False)
    provider = _make(resource, sample_rate)
    if isinstance(existing, trace.ProxyTracerProvider):
        trace.set_tracer_provider(provider)
        _global = _Made(provider, resource, sample_rate)
    elif existing is not None:
        _log.warning(
            "The global tracer provider is a %s, which takes no span processors: only the spans of "
            "this SDK and its integrations are recorded.",
            type(existing).__name__,
        )
    return Chosen(provider)


def _same(one: Resource, other: Resource) -> bool:
    return all(
        one.attributes.get(key) == other.attributes.get(key)
        for key in one.attributes.keys() | other.attributes.keys()
        if key != "service.instance.id"  # drawn anew for each resource
    )


def existing_provider() -> bool:
    """Tell whether the program has set up OpenTelemetry itself."""
    existing = trace.get_tracer_provider()
    return isinstance(existing, TracerProvider) and (
        _global is None or existing is not _global.provider
    )


def _make(resource: Resource, sample_rate: float | None) -> TracerProvider:
    sampler: Sampler | None = None
    if sample_rate is not None:
        sampler = ParentBased(TraceIdRatioBased(sample_rate))
    limits = SpanLimits(
        max_span_attributes=None if _LIMIT_VARIABLES & os.environ.keys() else MAX_ATTRIBUTES
    )
    return TracerProvider(
        sampler=sampler, resource=resource, span_limits=limits, shutdown_on_exit=False
    )
