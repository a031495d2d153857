"""Real exchanges replayed through the real client: the span says what the recording says."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types import CreateEmbeddingResponse

from catalyst_integrations.openai import OpenAIInstrumentor
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import (
    ProviderServer,
    Recording,
    SpanCollector,
    attributes_of,
    load_recordings,
)

OWN = Path(__file__).with_name("recordings.jsonl")
SHARED = Path(os.environ.get("CATALYST_SHARED_DATA", Path(__file__).parents[5] / "shared" / "data"))
Send = Callable[[Recording], None]
METHODS = {
    "/v1/chat/completions": "chat.completions.create",
    "/v1/completions": "completions.create",
    "/v1/embeddings": "embeddings.create",
    "/v1/images/generations": "images.generate",
    "/v1/responses": "responses.create",
}


def _recordings() -> list[Any]:
    recordings = [pytest.param(r, id=r.id) for r in load_recordings(OWN)]
    shared = SHARED / "recordings" / "openai.jsonl.gz"
    if shared.exists():
        return recordings + [pytest.param(r, id=r.id) for r in load_recordings(shared)]
    missing = pytest.mark.skip(reason=f"no shared recordings at {shared}")
    return [*recordings, pytest.param(None, id="shared", marks=missing)]


RECORDINGS = _recordings()


@pytest.fixture(scope="module")
def recorded() -> Iterator[ProviderServer]:
    with ProviderServer(p.values[0] for p in RECORDINGS if p.values[0] is not None) as server:
        yield server


@pytest.fixture(scope="module")
def all_spans() -> Iterator[SpanCollector]:
    collector = SpanCollector()
    OpenAIInstrumentor().instrument(tracer_provider=collector.provider)
    yield collector
    OpenAIInstrumentor().uninstrument()


@pytest.fixture(scope="module", params=["sync", "async"])
def send(request: pytest.FixtureRequest, recorded: ProviderServer) -> Iterator[Send]:
    options: Any = {"api_key": "test", "base_url": f"{recorded.url}/v1", "max_retries": 0}
    if request.param == "sync":
        with openai.OpenAI(**options) as client:
            yield lambda recording: _send(client, recording)
        return
    loop = asyncio.new_event_loop()
    async_client = openai.AsyncOpenAI(**options)
    yield lambda recording: loop.run_until_complete(_async_send(async_client, recording))
    loop.run_until_complete(async_client.close())
    loop.close()


@pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")
@pytest.mark.parametrize("recording", RECORDINGS)
def test_the_span_says_what_the_recording_says(
    recording: Recording,
    recorded: ProviderServer,
    send: Send,
    all_spans: SpanCollector,
) -> None:
    all_spans.clear()
    recorded.replayed.clear()
    error = None
    try:
        send(recording)
    except openai.APIStatusError as status_error:
        error = status_error
    (served,) = recorded.replayed  # the same request may have been recorded several times
    span = all_spans.only()
    attributes = attributes_of(span)
    if served.status >= 400:
        assert error is not None
        assert attributes["http.response.status_code"] == served.status
        return
    assert error is None
    assert _said(attributes) == _expected(served)


def _send(client: Any, recording: Recording) -> None:
    answer = _call(client, recording)
    if isinstance(answer, openai.Stream):
        list(answer)


async def _async_send(client: Any, recording: Recording) -> None:
    answer = await _call(client, recording)
    if isinstance(answer, openai.AsyncStream):
        async for _ in answer:
            pass


def _call(client: Any, recording: Recording) -> Any:
    """Call what a program would have called to send the recorded request."""
    body = json.loads(recording.request)
    if recording.path == "/v1/embeddings" and "encoding_format" not in body:
        return client.post(  # `create` would add one
            "/embeddings", body=body, cast_to=CreateEmbeddingResponse
        )
    method: Any = client
    for name in METHODS[recording.path].split("."):
        method = getattr(method, name)
    known = inspect.signature(method).parameters
    arguments = {name: value for name, value in body.items() if name in known}
    extra = {name: value for name, value in body.items() if name not in known}
    return method(**arguments, extra_body=extra or None)


def _said(attributes: dict[str, Any]) -> dict[str, Any]:
    messages = attributes.get(semconv.LLM_OUTPUT_MESSAGES, [])
    return {
        "model": attributes[semconv.LLM_MODEL_NAME],
        "prompt": attributes.get(semconv.LLM_TOKENS_PROMPT),
        "completion": attributes.get(semconv.LLM_TOKENS_COMPLETION),
        "total": attributes.get(semconv.LLM_TOKENS_TOTAL),
        "cached": attributes.get(semconv.LLM_TOKENS_CACHE_READ),
        "reasoning": attributes.get(semconv.LLM_TOKENS_REASONING),
        "text": "".join(_text(message.get("content")) for message in messages),
        "calls": [
            (call.get("id"), call["function"]["name"], call["function"]["arguments"])
            for message in messages
            for call in message.get("tool_calls", ())
        ],
    }


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part["type"] == "text")
    return content or ""


def _expected(recording: Recording) -> dict[str, Any]:
    """The same, read from the recorded response alone."""
    body = recording.response
    streamed = body.lstrip().startswith(("data:", "event:"))
    read = _READERS[recording.path, streamed]
    if not streamed:
        return read(json.loads(body))
    lines = [line[5:].strip() for line in body.splitlines() if line.startswith("data:")]
    return read([json.loads(line) for line in lines if line not in ("", "[DONE]")])


def _expect(
    model: str, usage: Any, text: str = "", calls: Any = (), *, prompt: str = "prompt"
) -> dict[str, Any]:
    usage = usage or {}
    names = ("prompt_tokens", "completion_tokens", "prompt_tokens_details")
    if prompt == "input":
        names = ("input_tokens", "output_tokens", "input_tokens_details")
    details = names[1] + "_details"
    return {
        "model": model,
        "prompt": usage.get(names[0]),
        "completion": usage.get(names[1]),
        "total": usage.get("total_tokens"),
        "cached": (usage.get(names[2]) or {}).get("cached_tokens"),
        "reasoning": (usage.get(details) or {}).get("reasoning_tokens"),
        "text": text,
        "calls": list(calls),
    }


def _chat(body: Any) -> dict[str, Any]:
    messages = [choice["message"] for choice in body["choices"]]
    calls = [
        (call["id"], call["function"]["name"], call["function"]["arguments"])
        for message in messages
        for call in message.get("tool_calls") or ()
    ]
    legacy = [message["function_call"] for message in messages if message.get("function_call")]
    calls += [(None, call["name"], call["arguments"]) for call in legacy]
    text = "".join(message.get("content") or "" for message in messages)
    return _expect(body["model"], body.get("usage"), text, calls)


def _chat_stream(chunks: list[Any]) -> dict[str, Any]:
    text, usage = "", None
    calls: dict[int, list[str]] = {}
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for choice in chunk["choices"]:
            text += choice["delta"].get("content") or ""
            for call in choice["delta"].get("tool_calls") or ():
                entry = calls.setdefault(call["index"], ["", "", ""])
                entry[0] = call.get("id") or entry[0]
                entry[1] = call["function"].get("name") or entry[1]
                entry[2] += call["function"].get("arguments") or ""
    model = next(chunk["model"] for chunk in chunks if chunk["model"])
    return _expect(model, usage, text, [tuple(call) for call in calls.values()])


def _completion(body: Any) -> dict[str, Any]:
    text = "".join(choice["text"] for choice in body["choices"])
    return _expect(body["model"], body.get("usage"), text)


def _completion_stream(chunks: list[Any]) -> dict[str, Any]:
    text = "".join(choice["text"] for chunk in chunks for choice in chunk["choices"])
    usage = next((chunk["usage"] for chunk in chunks if chunk.get("usage")), None)
    return _expect(chunks[0]["model"], usage, text)


def _embeddings(body: Any) -> dict[str, Any]:
    return {**_expect(body["model"], body["usage"]), "completion": 0}


def _images(body: Any) -> dict[str, Any]:
    return _expect("dall-e-2", body.get("usage"), prompt="input")


def _response(body: Any) -> dict[str, Any]:
    text, calls = "", []
    for item in body["output"]:
        if item["type"] == "message":
            text += "".join(part.get("text", "") for part in item["content"])
        if item["type"] == "function_call":
            calls.append((item["call_id"], item["name"], item["arguments"]))
    return _expect(body["model"], body["usage"], text, calls, prompt="input")


def _response_stream(events: list[Any]) -> dict[str, Any]:
    return _response(events[-1]["response"])


_READERS: dict[tuple[str, bool], Any] = {
    ("/v1/chat/completions", False): _chat,
    ("/v1/chat/completions", True): _chat_stream,
    ("/v1/completions", False): _completion,
    ("/v1/completions", True): _completion_stream,
    ("/v1/embeddings", False): _embeddings,
    ("/v1/images/generations", False): _images,
    ("/v1/responses", False): _response,
    ("/v1/responses", True): _response_stream,
}
