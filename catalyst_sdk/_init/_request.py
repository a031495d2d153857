"""What `init` was asked for, comparable: the same twice is once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.sdk.trace.export import SpanExporter

from catalyst_sdk.config import Settings
from catalyst_sdk.errors import ConfigError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

    from catalyst_sdk.hooks import Hook


class Request(NamedTuple):
    """Every setting, and the objects that only arguments can give."""

    settings: Settings
    exporters: tuple[SpanExporter, ...] = ()
    hooks: tuple[Hook, ...] = ()
    provider: TracerProvider | None = None
    set_global: bool = True

    def differences(self, other: Request) -> list[str]:
        """Name the arguments that are not the same."""
        settings = (
            name
            for name in Settings.__struct_fields__
            if name != "from_environment"
            and getattr(self.settings, name) != getattr(other.settings, name)
        )
        rest = (name for name in self._fields[1:] if getattr(self, name) != getattr(other, name))
        return [*settings, *rest]


def listed(exporters: SpanExporter | Iterable[SpanExporter] | None) -> tuple[SpanExporter, ...]:
    """Give one or many exporters as a tuple; ConfigError for what is none."""
    if exporters is None:
        return ()
    many = (exporters,) if isinstance(exporters, SpanExporter) else tuple(exporters)
    for exporter in many:
        if not callable(getattr(exporter, "export", None)):
            raise ConfigError(
                f"exporters= has {exporter!r}, which has no export().",
                hint="Pass OpenTelemetry span exporters; add a processor to a provider of yours.",
            )
    return many
