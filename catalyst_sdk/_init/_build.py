"""The parts one `init` makes: exporters, pipeline, provider."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExporter

import catalyst_sdk
from catalyst_sdk import config, semconv
from catalyst_sdk._init._request import Request
from catalyst_sdk.errors import CatalystError
from catalyst_sdk.hooks import HookRunner
from catalyst_sdk.tracing._identity import Identity, identity_of
from catalyst_sdk.tracing._processor import Pipeline, switch_of
from catalyst_sdk.tracing._provider import Chosen, choose_provider

if TYPE_CHECKING:
    from catalyst_sdk.export import ContentPolicy

T = TypeVar("T")
Attributes = Mapping[str, Any]

_log = logging.getLogger("catalyst_sdk")
_announced: set[str] = set()


class Parts(NamedTuple):
    """What one `init` adds to the process."""

    chosen: Chosen
    pipeline: Pipeline
    identity: Identity

    def connect(self) -> None:
        """Let the provider's spans into the pipeline."""
        for provider in (self.chosen.provider, *self.chosen.also):
            switch_of(provider).pipeline = self.pipeline

    def close(self) -> None:
        """Export what has ended, and let no more in."""
        if self.chosen.ours:  # with whatever the program added to it
            self.chosen.provider.shutdown()
        else:
            self.pipeline.shutdown()
        for provider in (self.chosen.provider, *self.chosen.also):
            switch_of(provider).pipeline = None


def build(request: Request) -> Parts:
    """Make the parts; none is connected yet. Raises ConfigError for what an argument got wrong."""
    from catalyst_sdk.export import BatchProcessor, ContentPolicy
    from catalyst_sdk.export._forks import import_unforked
    from catalyst_sdk.instrumentation.llm import Pricing

    settings = request.settings
    policy = usable(settings, "redact", lambda: _policy(settings))
    if policy is None:  # what was to be blotted out is not known: nothing goes out
        policy = ContentPolicy(capture=False)
    batches = [
        BatchProcessor(exporter, policy=policy, enrich=_named_and_priced(Pricing(import_unforked)))
        for exporter in _exporters(request)
    ]
    identity = identity_of(
        agent_name=settings.agent_name,
        agent_id=settings.agent_id,
        session_id=settings.session_id,
        user_id=settings.user_id,
    )
    chosen = choose_provider(
        request.provider,
        set_global=request.set_global,
        resource=_resource(settings, identity),
        sample_rate=settings.sample_rate,
    )
    pipeline = Pipeline(
        identity,
        batches,
        analyse=HookRunner(request.hooks) if request.hooks else None,
        sample_rate=None if chosen.ours else settings.sample_rate,
    )
    return Parts(chosen, pipeline, identity)


def _named_and_priced(
    price: Callable[[Attributes], Attributes],
) -> Callable[[Attributes], Attributes]:
    """Add our names to the spans of other instrumentations, and what a model call cost to all."""
    from catalyst_sdk.export._foreign import our_names

    def enrich(attributes: Attributes) -> Attributes:
        named = our_names(attributes)
        return {**named, **price({**attributes, **named} if named else attributes)}

    return enrich


def usable(settings: config.Settings, name: str, make: Callable[[], T]) -> T | None:
    """Give what *make* does; None, said once, when the environment's value for *name* is wrong."""
    try:
        return make()
    except CatalystError as error:
        if name not in settings.from_environment:
            raise
        _log.warning("%s of the environment is not used: %s %s", name, error, error.hint)
        return None


def _policy(settings: config.Settings) -> ContentPolicy:
    from catalyst_sdk.export import ContentPolicy

    return ContentPolicy(
        settings.capture_content, settings.redact or None, settings.max_content_chars
    )


def _exporters(request: Request) -> list[SpanExporter]:
    from catalyst_sdk.export import JsonlSpanExporter

    settings = request.settings
    exporters: list[SpanExporter | None] = list(request.exporters)
    if (path := settings.file) is not None:
        exporters.append(usable(settings, "file", lambda: JsonlSpanExporter(path)))
    if (endpoint := settings.endpoint) is not None:
        exporters.append(usable(settings, "endpoint", lambda: _otlp(settings, endpoint)))
    used = [exporter for exporter in exporters if exporter is not None]
    if not used:
        used.append(JsonlSpanExporter(config.DEFAULT_FILE))
        _announce(f"spans go to {config.DEFAULT_FILE}; init(file=…) or (endpoint=…) changes that.")
    if settings.debug:
        from catalyst_sdk.export import ConsoleSpanExporter

        used.append(ConsoleSpanExporter())
    return used


def _otlp(settings: config.Settings, endpoint: str) -> SpanExporter:
    from catalyst_sdk.export import OtlpSpanExporter

    certificate, key = settings.client_certificate, settings.client_key
    return OtlpSpanExporter(
        endpoint,
        api_key=settings.api_key,
        headers=settings.headers,
        protocol=settings.protocol,
        dialect=settings.dialect,
        compression=settings.compression,
        certificate_file=settings.certificate,
        client_certificate=(certificate, key) if certificate and key else certificate,
    )


def _resource(settings: config.Settings, identity: Identity) -> Resource:
    told = {
        semconv.SERVICE_NAME: settings.service_name,
        semconv.SERVICE_VERSION: settings.service_version,
        semconv.ENVIRONMENT: settings.environment,
        "telemetry.distro.name": "catalyst-sdk",
        "telemetry.distro.version": catalyst_sdk.__version__,
    }
    resource = Resource.create({key: value for key, value in told.items() if value is not None})
    agent = identity.get(semconv.AGENT_ID)
    if agent and str(resource.attributes[semconv.SERVICE_NAME]).startswith("unknown_service"):
        return resource.merge(Resource({semconv.SERVICE_NAME: str(agent)}))
    return resource


def _announce(message: str) -> None:
    """Say *message* once: to the log where somebody reads it, else on stderr."""
    if message in _announced:
        return
    _announced.add(message)
    if _log.isEnabledFor(logging.INFO) and _log.hasHandlers():
        _log.info(message)
    else:
        print(f"catalyst_sdk: {message}", file=sys.stderr)  # noqa: T201 - no log is set up
