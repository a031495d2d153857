from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import INVALID_SPAN_CONTEXT, Link, Status, StatusCode

from catalyst_sdk import semconv
from catalyst_sdk.errors import ConfigError
from catalyst_sdk.export import ContentPolicy

KEY = "sk-" + "proj-abcdefghijklmnop1234"


def span(attributes: dict[str, Any] | None = None, **fields: Any) -> ReadableSpan:
    return ReadableSpan(
        **{"name": "s", "resource": Resource({}), "attributes": attributes, **fields}
    )


def after(policy: ContentPolicy, attributes: dict[str, Any]) -> dict[str, Any]:
    return dict(policy.apply(span(attributes)).attributes or {})


def redacted(text: str, *names: Any) -> str:
    return after(ContentPolicy(redact=names), {"input.value": text})["input.value"]


# In two pieces, so that scanners of this repository do not take them for real ones.
@pytest.mark.parametrize(
    ("prefix", "rest"),
    [
        ("sk-proj-", "abcdefghijklmnop1234"),
        ("sk-ant-", "api03-abcdefghijklmnop_qrs-tuv"),
        ("sk_live_", "abcdefghijklmnopqrstuvwx"),
        ("ghp_", "abcdefghijklmnopqrstuvwxyz0123456789"),
        ("github_pat_", "11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz"),
        ("glpat-", "abcdefghijklmnopqrst"),
        ("AKIA", "ABCDEFGHIJKLMNOP"),
        ("AIza", "SyA1234567890abcdefghijklmnopqrstuv"),
        ("xoxb-", "123456789012-abcdefghijkl"),
        ("hf_", "abcdefghijklmnopqrstuvwxyz"),
        ("eyJ", "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0"),
        ("-----BEGIN RSA PRIVATE", " KEY-----\nMIIEpAIB\nabc\n-----END RSA PRIVATE KEY-----"),
    ],
    ids=lambda part: part[:8],
)
def test_keys_are_blotted_out_wherever_they_stand(prefix: str, rest: str) -> None:
    secret = prefix + rest
    assert redacted(f"use {secret}, please", "keys") == "use [redacted:keys], please"
    inside = json.dumps([{"role": "user", "content": f"use {secret}, please"}])
    cleaned = json.loads(redacted(inside, "keys"))
    assert cleaned == [{"role": "user", "content": "use [redacted:keys], please"}]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Authorization: Bearer abc.def-ghi_123", "Authorization: Bearer [redacted:keys]"),
        ("postgres://me:hunter22@db/x", "postgres://me:[redacted:keys]@db/x"),
        ("GET /?api_key=abcdefgh1&q=1", "GET /?api_key=[redacted:keys]&q=1"),
        ('{"password": "hunter2"}', '{"password":"[redacted:keys]"}'),
        ("PASSWORD='correcthorse 1'", "PASSWORD='[redacted:keys] 1'"),
    ],
)
def test_what_stands_beside_a_key_is_kept(text: str, cleaned: str) -> None:
    assert redacted(text, "keys") == cleaned


@pytest.mark.parametrize(
    "text",
    ["a risk-assessment-of-everything", "task-sk-1", "the bearer of news", "key: value", "eyJ"],
)
def test_what_is_no_key_is_left(text: str) -> None:
    assert redacted(text, "keys") == text


@pytest.mark.parametrize(
    "number",
    ["4111111111111111", "4111 1111 1111 1111", "5500-0000-0000-0004", "378282246310005"],
)
def test_cards_are_found_by_issuer_and_check_digit(number: str) -> None:
    assert redacted(f"card {number}.", "cards") == "card [redacted:cards]."


@pytest.mark.parametrize(
    "number",
    ["4111111111111112", "1700000000000000000", "1234567812345670", "0.4111111111111111", "1 2 3"],
)
def test_other_numbers_are_left(number: str) -> None:
    assert redacted(f"n {number}", "cards") == f"n {number}"


def test_a_card_written_as_a_json_number_is_found() -> None:
    assert json.loads(redacted('{"card": 4111111111111111, "n": 12}', "cards")) == {
        "card": "[redacted:cards]",
        "n": 12,
    }


def test_emails_are_found_also_as_json_keys_and_in_json_within_json() -> None:
    arguments = json.dumps({"to": "ann@example.co.uk", "amount": 5})
    messages = [
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": arguments}}]},
        {"role": "tool", "content": json.dumps({"bob@example.com": 1})},
    ]
    cleaned = json.loads(redacted(json.dumps(messages), "emails"))
    inner = json.loads(cleaned[0]["tool_calls"][0]["function"]["arguments"])
    assert inner == {"to": "[redacted:emails]", "amount": 5}
    assert json.loads(cleaned[1]["content"]) == {"[redacted:emails]": 1}


def test_patterns_functions_and_names_may_be_mixed() -> None:
    policy = ContentPolicy(
        redact=["emails", re.compile(r"order \d+"), r"\bA-\d+", lambda text: text.replace("x", "y")]
    )
    said = {"input.value": "order 12 and A-7 of a@b.de x"}
    assert after(policy, said)["input.value"] == (
        "[redacted] and [redacted] of [redacted:emails] y"
    )
    assert redacted("one a@b.de", "emails") == "one [redacted:emails]"
    assert after(ContentPolicy(redact="emails"), {"k": "a@b.de"})["k"] == "[redacted:emails]"


def test_every_text_of_a_span_is_redacted_but_ids_and_fixed_words() -> None:
    leak = f"mail a@b.de {KEY}"
    cleaned = ContentPolicy(redact=["emails", "keys"]).apply(
        span(
            {
                semconv.SPAN_KIND: "TOOL",
                semconv.SESSION_ID: "a@b.de",
                semconv.USER_ID: "a@b.de",
                "custom": leak,
                "tags": (leak, "ok"),
                "http.request.header.authorization": ("Basic Zm9v",),
                "count": 3,
            },
            name=leak,
            status=Status(StatusCode.ERROR, leak),
            events=[Event("exception", {"exception.message": leak, "exception.type": "E"}, 7)],
            links=[Link(INVALID_SPAN_CONTEXT, {"why": leak})],
        )
    )
    clean = "mail [redacted:emails] [redacted:keys]"
    assert cleaned.name == clean
    assert cleaned.status.description == clean
    assert dict(cleaned.attributes or {}) == {
        semconv.SPAN_KIND: "TOOL",
        semconv.SESSION_ID: "a@b.de",
        semconv.USER_ID: "[redacted:emails]",
        "custom": clean,
        "tags": (clean, "ok"),
        "http.request.header.authorization": ("[redacted:keys]",),
        "count": 3,
    }
    assert dict(cleaned.events[0].attributes or {}) == {
        "exception.message": clean,
        "exception.type": "E",
    }
    assert cleaned.events[0].timestamp == 7
    assert dict(cleaned.links[0].attributes or {}) == {"why": clean}


def test_when_a_redactor_raises_the_content_is_dropped_and_never_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(text: str) -> str:
        if "secret" in text:
            raise ValueError(f"cannot handle {text}")
        return text

    policy = ContentPolicy(redact=broken)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            kept = after(policy, {"input.value": "my secret", "output.value": "fine"})
    assert kept == {"input.value": "[redaction failed]", "output.value": "fine"}
    assert len(caplog.records) == 1
    assert "secret" not in caplog.text


def test_a_redactor_must_give_text() -> None:
    policy = ContentPolicy(redact=lambda text: None)  # type: ignore[arg-type, return-value]
    assert after(policy, {"input.value": "x"}) == {"input.value": "[redaction failed]"}


def test_names_typed_wrong_are_told_with_what_was_meant() -> None:
    with pytest.raises(ConfigError, match="did you mean 'emails'"):
        ContentPolicy(redact="email")
    with pytest.raises(ConfigError, match="nor a regular expression"):
        ContentPolicy(redact="(unclosed")
    with pytest.raises(ConfigError, match="not int"):
        ContentPolicy(redact=[3])  # type: ignore[list-item]


def test_without_capture_content_goes_and_the_rest_stays() -> None:
    kept = after(
        ContentPolicy(capture=False),
        {
            semconv.SPAN_KIND: "LLM",
            semconv.INPUT_VALUE: "x",
            semconv.INPUT_MIME_TYPE: "text/plain",
            semconv.LLM_INPUT_MESSAGES: "[]",
            "llm.output_messages.0.message.content": "x",
            "gen_ai.input.messages": "[]",
            semconv.LLM_MODEL_NAME: "gpt-5",
            semconv.LLM_TOKENS_PROMPT: 3,
        },
    )
    assert kept == {
        semconv.SPAN_KIND: "LLM",
        semconv.LLM_MODEL_NAME: "gpt-5",
        semconv.LLM_TOKENS_PROMPT: 3,
    }


def test_long_texts_are_cut_and_say_by_how_much() -> None:
    kept = after(
        ContentPolicy(max_chars=10),
        {"input.value": "x" * 25, "output.value": "short", "custom": "y" * 25},
    )
    assert kept["input.value"] == "x" * 10 + "… [15 more characters]"
    assert kept["output.value"] == "short"
    assert kept["custom"] == "y" * 25


def test_messages_are_cut_inside_and_stay_messages() -> None:
    messages = [
        {"role": "system", "content": "s" * 500},
        {"role": "user", "content": [{"type": "text", "text": "u" * 500}]},
        {"role": "assistant", "content": "ok"},
    ]
    kept = after(
        ContentPolicy(max_chars=20), {semconv.LLM_INPUT_MESSAGES: json.dumps(messages * 20)}
    )
    cut = json.loads(kept[semconv.LLM_INPUT_MESSAGES])
    assert len(cut) == 60
    assert cut[0]["content"] == "s" * 20 + "… [480 more characters]"
    assert cut[1]["content"][0]["text"].startswith("u" * 20 + "…")
    assert cut[2] == messages[2]


def test_other_json_stays_json_when_that_fits_and_is_cut_when_not() -> None:
    policy = ContentPolicy(max_chars=100)
    fits = after(policy, {"output.value": json.dumps({"ok": True, "text": "t" * 400})})
    cut = after(policy, {"output.value": json.dumps(list(range(500)))})
    assert fits["output.value"].startswith('{"ok":true')
    assert cut["output.value"].endswith("more characters]")
    assert len(cut["output.value"]) < 140


def test_a_secret_is_redacted_before_it_could_be_cut_in_half() -> None:
    policy = ContentPolicy(redact="keys", max_chars=20)
    kept = after(policy, {"input.value": "my key is " + KEY})
    assert "abcdef" not in kept["input.value"]


def test_a_policy_that_changes_nothing_gives_the_span_itself() -> None:
    one = span({"a": 1})
    assert ContentPolicy().apply(one) is one
    assert not ContentPolicy().active


def test_counts_of_what_was_dropped_survive_the_copy(make_spans: Any) -> None:
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider

    from export.conftest import Ended

    ended = Ended()
    provider = TracerProvider(span_limits=SpanLimits(max_attributes=2, max_events=1))
    provider.add_span_processor(ended)
    made = provider.get_tracer("t").start_span("s", attributes={"a": "1", "b": "2", "c": "3"})
    made.add_event("one")
    made.add_event("two")
    made.end()
    cleaned = ContentPolicy(redact="keys").apply(ended.spans[0])
    assert (cleaned.dropped_attributes, cleaned.dropped_events) == (1, 1)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=json_values, limit=st.integers(0, 40))
def test_whatever_the_content_no_policy_raises_and_messages_stay_json(
    value: Any, limit: int
) -> None:
    text = json.dumps([value])
    policy = ContentPolicy(redact=["keys", "cards", "emails"], max_chars=limit)
    kept = after(policy, {semconv.LLM_INPUT_MESSAGES: text, "input.value": text})
    assert len(json.loads(kept[semconv.LLM_INPUT_MESSAGES])) == 1


@given(text=st.text())
def test_text_without_secrets_is_left_as_it_is(text: str) -> None:
    plain = re.sub(r"[@:=\d]", "", text)
    assert redacted(plain, "cards", "emails") == plain


def test_a_span_that_cannot_be_handled_loses_its_content_not_its_place() -> None:
    deep: Any = "a@b.de"
    for _ in range(5_000):
        deep = [deep]

    class Odd(dict[str, Any]):
        def items(self) -> Any:
            raise RuntimeError("odd")

    policy = ContentPolicy(redact="emails")
    assert "a@b.de" not in str(after(policy, {"deep": deep}))
    kept = policy.apply(span({semconv.SPAN_KIND: "TOOL", "x": Odd()}, name="a@b.de"))
    assert (kept.name, kept.attributes) == ("[redaction failed]", {semconv.SPAN_KIND: "TOOL"})
