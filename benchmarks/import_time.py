"""CPU of importing and of turning tracing on, in fresh processes."""

from __future__ import annotations

import sys
from statistics import median

from benchmarks import _process
from benchmarks._options import Options
from benchmarks._peers import CATALYST_TRACING, LANGFUSE, LOGFIRE, OPENINFERENCE, Peer, python_of
from benchmarks._table import Budget, Row

TITLE = "import and start"
NOTE = (
    "Process CPU beyond `python -c pass` in the same environment, median of interleaved runs; "
    "openai and anthropic are installed, and files are already compiled."
)

_OTEL = """
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, BatchSpanProcessor
from opentelemetry.trace import set_tracer_provider
provider = TracerProvider(resource=Resource.create({"service.name": "bench"}))
provider.add_span_processor(BatchSpanProcessor(SpanExporter()))
set_tracer_provider(provider)
"""
_INIT = "import os, catalyst_sdk; catalyst_sdk.init('bench', file=os.devnull)"
_INIT_OTLP = (
    "import catalyst_sdk; catalyst_sdk.init('bench', endpoint='http://127.0.0.1:9/v1/traces')"
)
_IMPORTS: dict[Peer, str] = {
    CATALYST_TRACING: "import catalyst_tracing",
    OPENINFERENCE: "import openinference.instrumentation.openai",
    LANGFUSE: "import langfuse",
    LOGFIRE: "import logfire",
}
_STARTS: dict[Peer, str] = {
    CATALYST_TRACING: "import catalyst_tracing; catalyst_tracing.setup()",
    OPENINFERENCE: _OTEL
    + "from openinference.instrumentation.openai import OpenAIInstrumentor as I\n"
    + "I().instrument()",
    LANGFUSE: "from langfuse import Langfuse\n"
    "Langfuse(public_key='pk', secret_key='sk', base_url='http://127.0.0.1:9')\n"
    "import langfuse.openai",
    LOGFIRE: "import logfire\n"
    "logfire.configure(send_to_logfire=False, console=False, inspect_arguments=False)\n"
    "logfire.instrument_openai()",
}
_HARD_EXIT = "\nimport os; os._exit(0)"  # ending is not what is measured
_MS = 1000


def run(options: Options) -> list[Row]:
    """Measure both, each process in turn."""
    rounds = 1 if options.quick else 9
    peers = [peer for peer in _IMPORTS if options.peers and python_of(peer)]
    programs = {("ours", "nothing"): (sys.executable, "pass")}
    for what, code in (("import", "import catalyst_sdk"), ("init", _INIT), ("otel", _OTEL)):
        programs["ours", what] = (sys.executable, code)
    programs["ours", "otlp"] = (sys.executable, _INIT_OTLP)
    for peer in peers:
        python = str(python_of(peer))
        programs[peer.name, "nothing"] = (python, "pass")
        programs[peer.name, "import"] = (python, _IMPORTS[peer])
        programs[peer.name, "init"] = (python, _STARTS[peer])
    found: dict[tuple[str, str], list[float]] = {key: [] for key in programs}
    for _ in range(rounds):
        for key, (python, code) in programs.items():
            command = [python, "-c", code + _HARD_EXIT]
            found[key].append(_process.run(command, memory=False).cpu_s * _MS)

    def beyond(name: str, what: str) -> float:
        return median(found[name, what]) - median(found[name, "nothing"])

    def of_peers(what: str) -> dict[str, float | str | None]:
        return {peer.name: beyond(peer.name, what) for peer in peers}

    otel = beyond("ours", "otel")
    aside = {"OpenTelemetry SDK": otel}
    return [
        Row("import", "ms", beyond("ours", "import"), of_peers("import"), Budget(most=40)),
        Row("init, to a file", "ms", beyond("ours", "init"), of_peers("init"), aside=aside),
        Row("init, to an OTLP endpoint", "ms", beyond("ours", "otlp"), aside=aside),
        Row(
            "init, to a file, beyond OpenTelemetry's SDK",
            "ms",
            beyond("ours", "init") - otel,
            budget=Budget(most=0),
        ),
    ]
