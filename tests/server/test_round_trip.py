"""Clients nobody here wrote, and our own, send to a server unchanged and look right afterwards."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from catalyst_sdk.client import Client, TraceItem
from catalyst_sdk.demo import scripted_model

OURS = """
import catalyst_sdk
handle = catalyst_sdk.init(agent_name="refund-agent", session_id="s-7", endpoint=SERVER_URL)
from openai import OpenAI

@catalyst_sdk.trace_span(kind="TOOL")
def refund(order):
    return "done"

with catalyst_sdk.agent_span("refund-agent"):
    refund("1842")
    OpenAI().chat.completions.create(
        model="gpt-5.4-mini", messages=[{"role": "user", "content": "Refund order 1842"}])
catalyst_sdk.shutdown()
"""
OPENINFERENCE = """
from openinference.instrumentation.openai import OpenAIInstrumentor
from openinference.instrumentation import using_session
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(SERVER_URL + "/v1/traces")))
OpenAIInstrumentor().instrument(tracer_provider=provider)
from openai import OpenAI
with using_session("s-7"):
    OpenAI().chat.completions.create(
        model="gpt-5.4-mini", messages=[{"role": "user", "content": "Refund order 1842"}])
provider.shutdown()
"""
INFERENCE = """
import os
os.environ["INFERENCE_OTLP_ENDPOINT"] = SERVER_URL
from catalyst_tracing import setup
tracing = setup()
from openai import OpenAI
OpenAI().chat.completions.create(
    model="gpt-5.4-mini", messages=[{"role": "user", "content": "Refund order 1842"}])
tracing.shutdown()
"""


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    with scripted_model() as provider:
        yield provider.base_url


def _send(program: str, server: Any, model_url: str) -> TraceItem:
    """Run a program against the server; give the trace that it made."""
    with Client(server.url) as client:
        before = {item.trace_id for item in client.traces(limit=1000).items}
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
        ran = subprocess.run(
            [sys.executable, "-c", program.replace("SERVER_URL", repr(server.url))],
            env=environment | {"OPENAI_BASE_URL": model_url, "OPENAI_API_KEY": "scripted-model"},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for item in client.traces(limit=1000).items:
                if item.trace_id not in before and item.complete:
                    return item
        raise AssertionError(ran.stderr)


def test_our_own_agent_arrives_whole(server: Any, model_url: str) -> None:
    trace = _send(OURS, server, model_url)
    assert (trace.agent_name, trace.session_id, trace.status) == ("refund-agent", "s-7", "OK")
    assert trace.models == ["gpt-5.4-mini"] or trace.models[0].startswith("gpt-5.4-mini")
    assert (trace.tool_count, trace.llm_count) == (1, 1)
    assert trace.total_tokens > 0
    with Client(server.url) as client:
        said = client.session("s-7").turns[-1].messages
        assert said[0].text == "Refund order 1842"
        kinds = [span.kind for span in client.trace(trace.trace_id).spans]
        assert kinds == ["AGENT", "TOOL", "LLM"]


def test_ids_in_base64_are_taken_as_protobufs_own_json_writes_them(server: Any) -> None:
    span = {
        "traceId": "Bcj3oFcKAJbuDzjDcjyw0A==",
        "spanId": "vw9REgdWC+8=",
        "name": "OpenAI Chat Completions",
        "kind": "SPAN_KIND_CLIENT",
        "startTimeUnixNano": "1795345795701895355",
        "endTimeUnixNano": "1795345795767509007",
        "status": {"code": "STATUS_CODE_ERROR"},
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    answer = server.request("POST", "/v1/traces", body, {"Content-Type": "application/json"})
    assert (answer.status, answer.json()) == (200, {})
    with Client(server.url) as client:
        deadline = time.monotonic() + 20
        found: list[TraceItem] = []
        while not found and time.monotonic() < deadline:
            found = client.traces(q="trace:05c8f7a0570a0096ee0f38c3723cb0d0").items
    assert [(one.root_span_id, one.status) for one in found] == [("bf0f511207560bef", "ERROR")]


@pytest.mark.parametrize(
    ("package", "program", "session"),
    [
        ("openinference.instrumentation.openai", OPENINFERENCE, "s-7"),
        ("catalyst_tracing", INFERENCE, ""),
    ],
)
def test_others_arrive_with_model_tokens_and_messages(
    server: Any, model_url: str, package: str, program: str, session: str
) -> None:
    try:
        importlib.import_module(package)
    except ImportError:
        pytest.skip(f"{package} is not installed")
    trace = _send(program, server, model_url)
    assert trace.models[0].startswith("gpt-5.4-mini")
    assert trace.total_tokens > 0
    assert trace.session_id == session
    assert "Refund order 1842" in trace.input
