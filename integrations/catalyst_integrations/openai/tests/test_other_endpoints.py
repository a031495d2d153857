from __future__ import annotations

import base64
import inspect
import io
import struct
from typing import Any

import openai
import pytest

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import (
    ProviderServer,
    SpanCollector,
    attributes_of,
    bytes_reply,
    json_reply,
    sse_reply,
)
from catalyst_sdk.instrumentation.testing.openai_wire import USAGE, completion

SHA256 = "ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc"
PNG = {"mime": "image/png", "bytes": 3, "sha256": SHA256}
IMAGE_USAGE = {
    "input_tokens": 10,
    "output_tokens": 100,
    "total_tokens": 110,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 10},
}


def _has(attributes: dict[str, Any], expected: dict[str, Any]) -> bool:
    assert {name: attributes.get(name) for name in expected} == expected
    return True


def test_embeddings_are_an_embedding_span_without_the_vectors(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    vector = base64.b64encode(struct.pack("<3f", 0.0, 1.0, 2.0)).decode()
    usage = {"prompt_tokens": 4, "total_tokens": 4}
    data = [{"object": "embedding", "index": index, "embedding": vector} for index in range(2)]
    server.script(json_reply({"object": "list", "data": data, "model": "embed-1", "usage": usage}))
    answer = api.run(lambda c: c.embeddings.create(model="embed", input=["one", "two"]))
    assert answer.data[1].embedding == [0.0, 1.0, 2.0]
    assert spans.only().name == "embeddings embed"
    assert _has(
        attributes_of(spans.only()),
        {
            semconv.SPAN_KIND: "EMBEDDING",
            semconv.LLM_MODEL_NAME: "embed-1",
            semconv.INPUT_VALUE: '["one","two"]',
            semconv.OUTPUT_VALUE: '{"vectors":2,"dimensions":3}',
            semconv.LLM_TOKENS_PROMPT: 4,
            semconv.LLM_TOKENS_TOTAL: 4,
        },
    )


def test_a_legacy_completion_is_one_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply(completion("four")))
    api.run(lambda c: c.completions.create(model="gpt-test", prompt="2+2?", max_tokens=5))
    assert spans.only().name == "text_completion gpt-test"
    assert _has(
        attributes_of(spans.only()),
        {
            semconv.LLM_INPUT_MESSAGES: [{"role": "user", "content": "2+2?"}],
            semconv.LLM_OUTPUT_MESSAGES: [{"role": "assistant", "content": "four"}],
            semconv.LLM_FINISH_REASON: "stop",
            semconv.LLM_TOKENS_TOTAL: USAGE["total_tokens"],
            semconv.LLM_INVOCATION_PARAMETERS: {"max_tokens": 5},
        },
    )


def test_a_streamed_legacy_completion_is_added_up(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    def chunk(text: str, reason: str | None = None) -> dict[str, Any]:
        body = completion(text, usage=None)
        body["choices"][0]["finish_reason"] = reason
        return body

    server.script(sse_reply([chunk("fo"), chunk("ur"), chunk("", "length")]))
    api.take(api.run(lambda c: c.completions.create(model="m", prompt=["a", "b"], stream=True)))
    assert _has(
        attributes_of(spans.only()),
        {
            semconv.LLM_INPUT_MESSAGES: [
                {"role": "user", "content": "a"},
                {"role": "user", "content": "b"},
            ],
            semconv.LLM_OUTPUT_MESSAGES: [{"role": "assistant", "content": "four"}],
            semconv.LLM_FINISH_REASON: "length",
            semconv.LLM_STREAM_OUTCOME: "complete",
        },
    )


def test_a_generated_image_is_described(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    images = [{"b64_json": "AAEC", "revised_prompt": "a cat"}, {"url": "https://example.com/1"}]
    server.script(json_reply({"created": 1, "data": images, "usage": IMAGE_USAGE}))
    api.run(lambda c: c.images.generate(model="gpt-image-1", prompt="cat", size="1024x1024"))
    assert spans.only().name == "image_generation gpt-image-1"
    assert _has(
        attributes_of(spans.only()),
        {
            semconv.LLM_INPUT_MESSAGES: [{"role": "user", "content": "cat"}],
            semconv.LLM_OUTPUT_MESSAGES: [
                {
                    "role": "assistant",
                    "content": [
                        {"type": "image_url", "image_url": PNG, "revised_prompt": "a cat"},
                        {"type": "image_url", "image_url": {"url": "https://example.com/1"}},
                    ],
                }
            ],
            semconv.LLM_TOKENS_TOTAL: 110,
            semconv.LLM_INVOCATION_PARAMETERS: {"size": "1024x1024"},
        },
    )


def test_a_streamed_image_is_read_from_its_last_event(
    server: ProviderServer, spans: SpanCollector
) -> None:
    with openai.OpenAI(api_key="test", base_url=f"{server.url}/v1") as client:
        if "stream" not in inspect.signature(client.images.generate).parameters:
            pytest.skip("this version does not stream images")
        partial = {"type": "image_generation.partial_image", "b64_json": "AA", "created_at": 1}
        final = {
            "type": "image_generation.completed",
            "b64_json": "AAEC",
            "output_format": "png",
            "usage": IMAGE_USAGE,
        }
        server.script(sse_reply([partial, final], named=True, done=False))
        list(client.images.generate(model="gpt-image-1", prompt="cat", stream=True))
    assert _has(
        attributes_of(spans.only()),
        {
            semconv.LLM_OUTPUT_MESSAGES: [
                {"role": "assistant", "content": [{"type": "image_url", "image_url": PNG}]}
            ],
            semconv.LLM_TOKENS_TOTAL: 110,
            semconv.LLM_STREAM_OUTCOME: "complete",
        },
    )


def test_an_edited_image_is_one_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(json_reply({"created": 1, "data": [{"b64_json": "AAEC"}]}))
    image = ("a.png", io.BytesIO(b"png"), "image/png")
    api.run(lambda c: c.images.edit(model="gpt-image-1", image=image, prompt="add a hat"))
    assert spans.only().name == "image_edit gpt-image-1"
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_INPUT_MESSAGES] == [{"role": "user", "content": "add a hat"}]
    assert b"png" in server.received[0].body


def test_a_transcription_is_one_span(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    usage = {
        "type": "tokens",
        "input_tokens": 14,
        "output_tokens": 4,
        "total_tokens": 18,
        "input_token_details": {"audio_tokens": 14, "text_tokens": 0},
    }
    server.script(json_reply({"text": "Hello.", "usage": usage}))
    file = ("a.wav", io.BytesIO(b"RIFF"), "audio/wav")
    api.run(lambda c: c.audio.transcriptions.create(model="whisper-1", file=file, language="en"))
    assert spans.only().name == "transcription whisper-1"
    assert _has(
        attributes_of(spans.only()),
        {
            semconv.LLM_OUTPUT_MESSAGES: [{"role": "assistant", "content": "Hello."}],
            semconv.LLM_TOKENS_PROMPT: 14,
            semconv.LLM_TOKENS_PROMPT_AUDIO: 14,
            semconv.LLM_INVOCATION_PARAMETERS: {"language": "en"},
        },
    )


def test_a_transcription_as_text_is_the_text(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(bytes_reply(b"Hello.\n", "text/plain"))
    file = ("a.wav", io.BytesIO(b"RIFF"), "audio/wav")
    text = api.run(
        lambda c: c.audio.transcriptions.create(
            model="whisper-1", file=file, response_format="text"
        )
    )
    assert text == "Hello.\n"
    messages = attributes_of(spans.only())[semconv.LLM_OUTPUT_MESSAGES]
    assert messages == [{"role": "assistant", "content": "Hello.\n"}]


def test_a_streamed_transcription_is_read_from_its_last_event(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    create = api.client.audio.transcriptions.create
    if "stream" not in inspect.signature(create).parameters:
        pytest.skip("this version does not stream transcriptions")
    events = [
        {"type": "transcript.text.delta", "delta": "Hel"},
        {"type": "transcript.text.delta", "delta": "lo."},
        {"type": "transcript.text.done", "text": "Hello."},
    ]
    server.script(sse_reply(events, named=True, done=False))
    file = ("a.wav", io.BytesIO(b"RIFF"), "audio/wav")
    stream = api.run(
        lambda c: c.audio.transcriptions.create(model="gpt-4o-mini-t", file=file, stream=True)
    )
    api.take(stream, 2)
    api.finish(stream.close())
    attributes = attributes_of(spans.only())
    assert attributes[semconv.LLM_STREAM_OUTCOME] == "aborted"
    assert attributes[semconv.LLM_OUTPUT_MESSAGES][0]["content"] == "Hello."


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_a_translation_is_one_span(api: Any, server: ProviderServer, spans: SpanCollector) -> None:
    server.script(json_reply({"text": "Hello."}))
    file = ("a.wav", io.BytesIO(b"RIFF"), "audio/wav")
    api.run(lambda c: c.audio.translations.create(model="whisper-1", file=file))
    assert spans.only().name == "translation whisper-1"


def test_speech_is_described(api: Any, server: ProviderServer, spans: SpanCollector) -> None:
    server.script(bytes_reply(b"\x00\x01\x02", "audio/mpeg"))
    speech = api.run(lambda c: c.audio.speech.create(model="tts-1", voice="alloy", input="Hello."))
    assert speech.read() == b"\x00\x01\x02"
    audio = {"mime": "audio/mpeg", "bytes": 3, "sha256": SHA256}
    assert _has(
        attributes_of(spans.only()),
        {
            semconv.LLM_INPUT_MESSAGES: [{"role": "user", "content": "Hello."}],
            semconv.LLM_OUTPUT_MESSAGES: [
                {"role": "assistant", "content": [{"type": "audio", "audio": audio}]}
            ],
            semconv.LLM_INVOCATION_PARAMETERS: {"voice": "alloy"},
        },
    )


def test_speech_read_by_the_program_itself_is_counted(
    api: Any, server: ProviderServer, spans: SpanCollector
) -> None:
    server.script(bytes_reply(b"\x00\x01\x02", "audio/mpeg"))
    manager = api.client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input="Hello."
    )
    read = api.within(manager, lambda response: api.take(response.iter_bytes()))
    assert b"".join(read) == b"\x00\x01\x02"
    message = attributes_of(spans.only())[semconv.LLM_OUTPUT_MESSAGES][0]
    assert message["content"] == [{"type": "audio", "audio": {"mime": "audio/mpeg", "bytes": 3}}]
