"""What `catalyst doctor` looks at. Each check says what it found and, if need be, what to do."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import logging
import platform
import re
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from catalyst_sdk import config
from catalyst_sdk.cli._format import plural
from catalyst_sdk.errors import CatalystError

State = Literal["ok", "absent", "warning", "broken"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing looked at. `absent` is no fault; `broken` is one."""

    area: str
    name: str
    state: State
    found: str
    hint: str = ""


# Extra to the modules it brings; a distribution may be there without its module, so ask for these.
_EXTRAS = {
    "cli": ("click", "rich"),
    "halo": ("chdb", "pyarrow"),
    "grpc": ("opentelemetry.exporter.otlp.proto.grpc",),
    "prices": ("genai_prices",),
    "openai": ("openai",),
}


def every_check(environ: Mapping[str, str]) -> list[Check]:
    """Look at everything, in the order it is shown."""
    return [
        *_versions(),
        *_extras(),
        *_integrations(),
        *_settings(environ),
        _backend(environ),
        _round_trip(),
        *_storage(),
    ]


def _versions() -> Iterator[Check]:
    python = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield Check(area="Versions", name="python", state="ok", found=python)
    for name, distribution in (
        ("catalyst-sdk", "catalyst-sdk"),
        ("opentelemetry", "opentelemetry-sdk"),
        ("engine (chdb)", "chdb"),
    ):
        found = _version(distribution)
        needed = name != "engine (chdb)"
        state: State = "ok" if found else "broken" if needed else "absent"
        hint = "" if found else "pip install -e '.[halo]' in your checkout adds it"
        yield Check(area="Versions", name=name, state=state, found=found or "absent", hint=hint)


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _extras() -> Iterator[Check]:
    for extra, modules in _EXTRAS.items():
        missing = [module for module in modules if not _importable(module)]
        yield Check(
            area="Extras",
            name=extra,
            state="absent" if missing else "ok",
            found=f"absent: {', '.join(missing)}" if missing else "present",
            hint=f"pip install -e '.[{extra}]'" if missing else "",
        )


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _integrations() -> Iterator[Check]:
    """Turn every integration on and off again, as `init()` would."""
    from catalyst_sdk.instrumentation import instrument_installed, uninstrument

    report = instrument_installed(None)
    uninstrument(report.instrumented)
    for name in report.instrumented:
        yield Check(area="Integrations", name=name, state="ok", found="can be instrumented")
    for name, reason in report.skipped.items():
        state: State = "absent" if reason == "not installed" else "warning"
        yield Check(area="Integrations", name=name, state=state, found=reason)
    if not (report.instrumented or report.skipped):
        yield Check(
            area="Integrations", name="none", state="warning", found="no integration is registered"
        )


def _settings(environ: Mapping[str, str]) -> Iterator[Check]:
    """Show what the environment sets; keys, headers and certificates by name only."""
    families = [setting for family in config.FAMILIES.values() for setting in family.values()]
    for setting in [*config.SETTINGS.values(), *families]:
        for variable in setting.variables:
            if environ.get(variable, "").strip():
                secret = any(word in variable for word in ("KEY", "HEADERS"))
                value = "set" if secret else _harmless(environ[variable])
                yield Check(area="Settings", name=variable, state="ok", found=value)
    with _heard("catalyst_sdk.config") as complaints:
        settings = config.resolve({}, environ)
    for complaint in complaints:
        yield Check(area="Settings", name="environment", state="warning", found=complaint)
    where = settings.endpoint or settings.file or config.DEFAULT_FILE
    yield Check(area="Settings", name="spans go to", state="ok", found=_harmless(where))


def _harmless(text: str) -> str:
    """Leave out the user and password of an address."""
    return re.sub(r"//[^/@\s]*@", "//", text)


@contextlib.contextmanager
def _heard(logger: str) -> Generator[list[str]]:
    """Collect what a logger says instead of letting it through."""
    heard: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: heard.append(record.getMessage())
    log = logging.getLogger(logger)
    before, log.propagate = log.propagate, False
    log.addHandler(handler)
    try:
        yield heard
    finally:
        log.removeHandler(handler)
        log.propagate = before


def _backend(environ: Mapping[str, str]) -> Check:
    """Send an empty request to the endpoint the environment names."""
    with _heard("catalyst_sdk.config"):
        settings = config.resolve({}, environ)
    if settings.disabled:
        return _backend_check("absent", "tracing is disabled")
    if settings.endpoint is None:
        return _backend_check("absent", "none: spans go to a file")
    try:
        with _heard("catalyst_sdk.export"):
            return _probe(settings, settings.endpoint)
    except CatalystError as error:
        return _backend_check("broken", error.message, error.hint)


def _probe(settings: config.Settings, endpoint: str) -> Check:
    from catalyst_sdk.export import OtlpSpanExporter

    exporter = OtlpSpanExporter(
        endpoint,
        api_key=settings.api_key,
        headers=settings.headers,
        protocol=settings.protocol,
        dialect=settings.dialect,
    )
    try:
        probe = exporter.probe()
    finally:
        exporter.shutdown()
    if probe.ok:
        return _backend_check("ok", f"{exporter.endpoint} answers in {probe.latency_ms:.0f} ms")
    # Of a chain of exceptions the cause is what tells.
    cause = re.search(r"\[Errno -?\d+\] [^'\")]+", probe.words)
    words = cause.group() if cause else probe.words
    return _backend_check("broken", f"{exporter.endpoint}: {words}", "Is it running?")


def _backend_check(state: State, found: str, hint: str = "") -> Check:
    return Check(area="Backend", name="endpoint", state=state, found=found, hint=hint)


def _round_trip() -> Check:
    """Export one span to a file and read it back."""
    started = time.perf_counter()
    try:
        name = _written_and_read()
    except (CatalystError, OSError) as error:
        return Check(area="Test span", name="round trip", state="broken", found=str(error))
    took = (time.perf_counter() - started) * 1000
    state: State = "ok" if name == "doctor" else "broken"
    found = f"written and read back in {took:.0f} ms" if state == "ok" else "came back changed"
    return Check(area="Test span", name="round trip", state=state, found=found)


def _written_and_read() -> str:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    from catalyst_sdk.export import JsonlSpanExporter
    from catalyst_sdk.spans import read_spans

    with tempfile.TemporaryDirectory(prefix="catalyst-doctor-") as folder:
        path = Path(folder) / "traces.jsonl"
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(JsonlSpanExporter(path)))
        provider.get_tracer("catalyst_sdk.doctor").start_span("doctor").end()
        provider.shutdown()
        return next(iter(read_spans(str(path)))).name


def _storage() -> Iterator[Check]:
    from catalyst_sdk.export import spool_directory
    from catalyst_sdk.store import cache_directory

    for name, folder in (("index cache", Path(cache_directory())), ("spool", spool_directory())):
        size, files = _size(folder)
        found = f"{size / 1_000_000:,.1f} MB in {plural(files, 'file')}" if files else "empty"
        yield Check(area="Storage", name=name, state="ok", found=f"{found} ({folder})")


def _size(folder: Path) -> tuple[int, int]:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return sum(sizes), len(sizes)
