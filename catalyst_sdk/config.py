"""Settings: argument, else environment, else default (docs/configuration.md lists every one).

A wrong argument raises ConfigError. A wrong environment variable is said once and ignored, so
that a typo in a deployment cannot stop the program; where privacy is at stake it means "no".
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, NamedTuple, cast, get_args
from urllib.parse import unquote

import msgspec

from catalyst_sdk.errors import ConfigError

__all__ = ["DEFAULT_FILE", "SETTINGS", "Setting", "Settings", "resolve"]

_log = logging.getLogger(__name__)

DEFAULT_FILE = ".catalyst/traces.jsonl"
"""Where spans go when nobody says otherwise."""

Protocol = Literal["http/protobuf", "http/json", "grpc"]
Compression = Literal["gzip", "none"]
PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
DIALECTS = ("openinference", "gen_ai", "compact")

_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off", ""}


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What `init` works with; every value checked."""

    agent_name: str | None = None
    agent_id: str | None = None
    service_name: str | None = None
    service_version: str | None = None
    environment: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    file: str | None = None
    endpoint: str | None = None
    api_key: str | None = None
    headers: dict[str, str] = {}
    protocol: Protocol = "http/protobuf"
    dialect: str | None = None
    compression: Compression = "gzip"
    certificate: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    instrument: bool | tuple[str, ...] = True
    capture_content: bool = True
    redact: Any = None
    max_content_chars: int | None = None
    sample_rate: float | None = None
    """None: what OTEL_TRACES_SAMPLER says, else all."""
    debug: bool = False
    disabled: bool = False
    from_environment: frozenset[str] = frozenset()
    """Names of the settings that no argument gave."""

    def __repr__(self) -> str:
        told = {
            name: "…" if name in _SECRET else getattr(self, name)
            for name in self.__struct_fields__
            if getattr(self, name) != getattr(_DEFAULTS, name)
        }
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in told.items())})"


_SECRET = ("api_key", "headers")
_DEFAULTS = Settings()


class Setting(NamedTuple):
    """How one setting is read from the environment: variables (first set wins) and parser."""

    variables: tuple[str, ...]
    parse: Callable[[str], Any]
    on_error: Any = None
    """What an unreadable variable means; None: the default."""


def _text(value: str) -> str:
    return value


def _flag(value: str) -> bool:
    word = value.strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError("expected true or false")


def _captured(value: str) -> bool:
    """Also OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT's words."""
    word = value.strip().lower()
    if word in ("span_only", "span_and_event"):
        return True
    return word not in ("no_content", "event_only") and _flag(value)


def _names(value: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _instrument(value: str) -> bool | tuple[str, ...]:
    word = value.strip().lower()
    return word in _YES if word in _YES | _NO else _names(value)


def _whole(value: str) -> int:
    number = int(value)
    if number < 0:
        raise ValueError("expected 0 or more")
    return number


def _rate(value: str) -> float:
    rate = float(value)
    if not 0 <= rate <= 1:
        raise ValueError("expected a number from 0 to 1")
    return rate


def _one_of(allowed: tuple[str, ...]) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if value not in allowed:
            raise ValueError("expected " + " or ".join(allowed))
        return value

    return parse


def _header_pairs(value: str) -> dict[str, str]:
    """`key=value,key2=value2`, percent-encoded (OTLP exporter specification)."""
    pairs = (item.partition("=") for item in value.split(",") if item.strip())
    return {unquote(key.strip()): unquote(text.strip()) for key, _, text in pairs}


SETTINGS: dict[str, Setting] = {
    "agent_name": Setting(("CATALYST_AGENT_NAME",), _text),
    "agent_id": Setting(("CATALYST_AGENT_ID",), _text),
    "service_name": Setting(("CATALYST_SERVICE_NAME",), _text),
    "service_version": Setting(("CATALYST_SERVICE_VERSION",), _text),
    "environment": Setting(("CATALYST_ENVIRONMENT",), _text),
    "session_id": Setting(("CATALYST_SESSION_ID",), _text),
    "user_id": Setting(("CATALYST_USER_ID",), _text),
    "file": Setting(("CATALYST_FILE",), _text),
    "dialect": Setting(("CATALYST_DIALECT",), _one_of(DIALECTS)),
    "instrument": Setting(("CATALYST_INSTRUMENT",), _instrument),
    "capture_content": Setting(
        ("CATALYST_CAPTURE_CONTENT", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"),
        _captured,
        on_error=False,
    ),
    "redact": Setting(("CATALYST_REDACT",), _names),
    "max_content_chars": Setting(("CATALYST_MAX_CONTENT_CHARS",), _whole),
    "sample_rate": Setting(("CATALYST_SAMPLE_RATE",), _rate),
    "debug": Setting(("CATALYST_DEBUG",), _flag),
    "disabled": Setting(("CATALYST_DISABLED", "OTEL_SDK_DISABLED"), _flag),
}
"""Every setting but the endpoint's, by name."""


def _otlp(name: str, parse: Callable[[str], Any] = _text) -> Setting:
    """OpenTelemetry's two names for one thing: for traces, and for all signals."""
    return Setting((f"OTEL_EXPORTER_OTLP_TRACES_{name}", f"OTEL_EXPORTER_OTLP_{name}"), parse)


FAMILIES: dict[str, dict[str, Setting]] = {
    "CATALYST": {
        "endpoint": Setting(("CATALYST_ENDPOINT",), _text),
        "api_key": Setting(("CATALYST_API_KEY",), _text),
        "headers": Setting(("CATALYST_HEADERS",), _header_pairs),
        "protocol": Setting(("CATALYST_PROTOCOL",), _one_of(PROTOCOLS)),
    },
    "OTEL": {
        "endpoint": _otlp("ENDPOINT"),
        "headers": _otlp("HEADERS", _header_pairs),
        "protocol": _otlp("PROTOCOL", _one_of(PROTOCOLS)),
        "compression": _otlp("COMPRESSION", _one_of(("gzip", "none"))),
        "certificate": _otlp("CERTIFICATE"),
        "client_certificate": _otlp("CLIENT_CERTIFICATE"),
        "client_key": _otlp("CLIENT_KEY"),
    },
    "INFERENCE": {
        "endpoint": Setting(("INFERENCE_OTLP_ENDPOINT",), _text),
        "api_key": Setting(("INFERENCE_API_KEY",), _text),
    },
}
"""Where an endpoint may come from, first wins. A key goes only to the endpoint of its family."""


def resolve(
    arguments: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
    *,
    otel_endpoint: bool = True,
) -> Settings:
    """Settle every setting: *arguments* that are not None, else the environment, else default.

    *otel_endpoint* False ignores OTEL_EXPORTER_OTLP_*: a provider that is not ours has already
    read them, and two exporters would send every span twice.
    """
    environ = os.environ if environ is None else environ
    given = {name: _given(name, value) for name, value in arguments.items() if value is not None}
    found = {
        name: value
        for name, setting in SETTINGS.items()
        if name not in given and (value := _from_environment(setting, environ)) is not None
    }
    if environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "none":
        otel_endpoint = False
    found |= _endpoint(given, environ, skip=() if otel_endpoint else ("OTEL",))
    return _checked(Settings(**given, **found, from_environment=frozenset(found)))


def _given(name: str, value: Any) -> Any:
    """Give an argument in the form a setting has, so that equal ones compare equal."""
    if name == "file":
        return os.fspath(cast("str | os.PathLike[str]", value))
    if name == "headers":
        return dict(cast("Mapping[str, str]", value))
    if name in ("instrument", "redact") and isinstance(value, Iterable):
        return (value,) if isinstance(value, str) else tuple(cast("Iterable[Any]", value))
    return value


def _from_environment(setting: Setting, environ: Mapping[str, str]) -> Any:
    for variable in setting.variables:
        text = environ.get(variable, "").strip()
        if not text:
            continue
        try:
            return setting.parse(text)
        except ValueError as error:
            _log.warning("%s=%r is ignored: %s.", variable, text, error)
            return setting.on_error
    return None


def _endpoint(
    given: Mapping[str, Any], environ: Mapping[str, str], *, skip: tuple[str, ...]
) -> dict[str, Any]:
    """Give the endpoint, and its key, headers and protocol from the same family of variables."""
    sources = {"argument": given.get("endpoint")} | {
        family: _from_environment(settings["endpoint"], environ)
        for family, settings in FAMILIES.items()
        if family not in skip
    }
    source = next((name for name, endpoint in sources.items() if endpoint is not None), None)
    if source is None:
        return {}
    family = FAMILIES["CATALYST" if source == "argument" else source]
    found = {"endpoint": sources[source]}
    if source == "INFERENCE":  # the hosted backend takes JSON only
        found["protocol"] = "http/json"
    for name, setting in family.items():
        if name != "endpoint" and (value := _from_environment(setting, environ)) is not None:
            found[name] = value
    return {k: v for k, v in found.items() if k not in given}


def _checked(settings: Settings) -> Settings:
    """Raise ConfigError for the first argument that cannot be meant."""
    for name, allowed in (("protocol", PROTOCOLS), ("dialect", DIALECTS)):
        value: str | None = getattr(settings, name)
        if value is not None and value not in allowed:
            raise _wrong(name, value, "one of " + ", ".join(map(repr, allowed)))
    if settings.sample_rate is not None and not 0 <= settings.sample_rate <= 1:
        raise _wrong("sample_rate", settings.sample_rate, "a number from 0 to 1")
    if settings.max_content_chars is not None and settings.max_content_chars < 0:
        raise _wrong("max_content_chars", settings.max_content_chars, "0 or more")
    return settings


def _wrong(name: str, value: object, expected: str) -> ConfigError:
    return ConfigError(
        f"{name}={value!r} is not {expected}.", hint="docs/configuration.md lists every setting."
    )
