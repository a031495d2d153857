from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from catalyst_integrations.anthropic import AnthropicInstrumentor
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import (
    InstrumentorContract,
    ProviderServer,
    SpanCollector,
    attributes_of,
    error_reply,
    json_reply,
    load_recordings,
)

ASKED: Any = {
    "model": "claude-test",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "Hi"}],
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-test",
    "content": [{"type": "text", "text": "It arrives on Friday."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
SHARED = Path(os.environ.get("CATALYST_SHARED_DATA", Path(__file__).parents[5] / "shared" / "data"))


class TestAnthropic(InstrumentorContract):
    instrumentor = AnthropicInstrumentor

    @pytest.fixture(autouse=True)
    def _client(self, server: ProviderServer) -> Iterator[None]:
        self.server = server
        with anthropic.Anthropic(api_key="test", base_url=server.url, max_retries=0) as self.client:
            yield

    def call(self) -> Any:
        self.server.received.clear()
        self.server.script(json_reply(MESSAGE))
        return self.client.messages.create(**ASKED)

    def failing_call(self) -> Any:
        self.server.script(error_reply(400, "no such model"))
        return self.client.messages.create(**ASKED)


def test_the_example_is_one_trace_of_agent_model_and_tool(
    server: ProviderServer, tmp_path: Path
) -> None:
    call = {"type": "tool_use", "id": "t1", "name": "order_status", "input": {"order_id": "A-17"}}
    server.script(
        json_reply({**MESSAGE, "content": [call], "stop_reason": "tool_use"}), json_reply(MESSAGE)
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OTEL_")},
        "ANTHROPIC_BASE_URL": server.url,
        "ANTHROPIC_API_KEY": "test",
    }
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parents[1] / "example.py")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "It arrives on Friday.\n"
    spans = [json.loads(line) for line in (tmp_path / "traces.jsonl").read_text().splitlines()]
    assert len({span["trace_id"] for span in spans}) == 1
    kinds = sorted(span["attributes"][semconv.SPAN_KIND] for span in spans)
    assert kinds == ["AGENT", "LLM", "LLM", "TOOL"]


def _recordings() -> list[Any]:
    shared = SHARED / "recordings" / "anthropic.jsonl.gz"
    if shared.exists():
        return [pytest.param(recording, id=recording.id) for recording in load_recordings(shared)]
    skipped = pytest.mark.skip(reason=f"no shared recordings at {shared}")
    return [pytest.param(None, id="shared", marks=skipped)]


@pytest.fixture(scope="module")
def recorded() -> Iterator[ProviderServer]:
    values = [param.values[0] for param in _recordings()]
    with ProviderServer(value for value in values if value is not None) as server:  # pyright: ignore
        yield server


@pytest.mark.parametrize("recording", _recordings())
def test_the_span_says_what_the_recording_says(
    recording: Any, recorded: ProviderServer, spans: SpanCollector
) -> None:
    recorded.replayed.clear()
    body = json.loads(recording.request)
    with anthropic.Anthropic(api_key="t", base_url=recorded.url, max_retries=0) as client:
        answer = client.post(
            "/v1/messages", body=body, cast_to=anthropic.types.Message, **_kind(body)
        )
        if body.get("stream"):
            list(answer)
    (served,) = recorded.replayed
    attributes = attributes_of(spans.only())
    expected = _expected(served.response)
    message = attributes[semconv.LLM_OUTPUT_MESSAGES][0]
    content = message.get("content") or ""
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    said = {
        "model": attributes[semconv.LLM_MODEL_NAME],
        "stop": attributes[semconv.LLM_FINISH_REASON],
        "prompt": attributes[semconv.LLM_TOKENS_PROMPT],
        "completion": attributes[semconv.LLM_TOKENS_COMPLETION],
        "text": "".join(part["text"] for part in parts if part["type"] == "text"),
        "thinking": "".join(part["text"] for part in parts if part["type"] == "reasoning"),
        "calls": [
            (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
            for call in message.get("tool_calls", ())
        ],
    }
    assert said == expected


def _kind(body: Any) -> dict[str, Any]:
    if not body.get("stream"):
        return {}
    return {
        "stream": True,
        "stream_cls": anthropic.Stream[anthropic.types.RawMessageStreamEvent],
    }


def _expected(response: str) -> dict[str, Any]:
    """What the recorded response alone says, read by other code than the integration's."""
    if not response.lstrip().startswith(("event:", "data:")):
        return _summary(json.loads(response))
    lines = [line[5:] for line in response.splitlines() if line.startswith("data:")]
    events = [json.loads(line) for line in lines]
    message = next(event["message"] for event in events if event["type"] == "message_start")
    for event in events:
        if event["type"] == "content_block_start":
            message["content"].append(event["content_block"] | {"json": ""})
        elif event["type"] == "content_block_delta":
            _add(message["content"][event["index"]], event["delta"])
        elif event["type"] == "message_delta":
            message["stop_reason"] = event["delta"]["stop_reason"]
            message["usage"].update(event["usage"])
    for block in message["content"]:
        if block["json"]:
            block["input"] = json.loads(block["json"])
    return _summary(message)


def _add(block: dict[str, Any], delta: dict[str, Any]) -> None:
    for name in ("text", "thinking"):
        block[name] = block.get(name, "") + delta.get(name, "")
    block["json"] += delta.get("partial_json", "")


def _summary(message: Any) -> dict[str, Any]:
    usage = message["usage"]
    cached = ("cache_creation_input_tokens", "cache_read_input_tokens")
    return {
        "model": message["model"],
        "stop": message["stop_reason"],
        "prompt": usage["input_tokens"] + sum(usage.get(name) or 0 for name in cached),
        "completion": usage["output_tokens"],
        "text": "".join(b["text"] for b in message["content"] if b["type"] == "text"),
        "thinking": "".join(b["thinking"] for b in message["content"] if b["type"] == "thinking"),
        "calls": [
            (b["id"], b["name"], b["input"])
            for b in message["content"]
            if b["type"].endswith("tool_use")
        ],
    }
