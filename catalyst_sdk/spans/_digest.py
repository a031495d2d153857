"""The payload columns of span facts, by the kind of span."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from catalyst_sdk.spans._answer import Answer, digest_answer
from catalyst_sdk.spans._arguments import broken_argument
from catalyst_sdk.spans._conversation import Part
from catalyst_sdk.spans._documents import documents_of, flat_documents, top_score
from catalyst_sdk.spans._facts import SpanFacts
from catalyst_sdk.spans._hash import canonical_json, hash_bytes, hash_text
from catalyst_sdk.spans._json import Json, json_text, object_of, parsed, pick
from catalyst_sdk.spans._payload import Recorded
from catalyst_sdk.spans._preview import human_text, one_line
from catalyst_sdk.spans._prompt import digest_text, digest_value
from catalyst_sdk.spans._refusal import is_refusal
from catalyst_sdk.spans._signature import fold_signature
from catalyst_sdk.spans._soft_error import soft_error
from catalyst_sdk.spans._tools import Toolset, toolset

FINISH_REASONS: dict[str, str] = {
    **dict.fromkeys(
        ("stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "completed", "done"),
        "stop",
    ),
    **dict.fromkeys(
        ("length", "max_tokens", "max_output_tokens", "model_length", "incomplete"), "length"
    ),
    **dict.fromkeys(
        ("tool_calls", "tool_call", "tool_use", "tool-calls", "function_call", "pause_turn"),
        "tool_calls",
    ),
    **dict.fromkeys(
        (
            "content_filter",
            "content-filter",
            "content_filtered",
            "guardrail_intervened",
            "refusal",
            "safety",
            "recitation",
            "blocklist",
            "prohibited_content",
            "spii",
        ),
        "content_filter",
    ),
}
"""Providers' words for why a model stopped, as OpenAI's four."""

_BLANK = frozenset(("", "[]", "{}", "null", "none", '""', "''", "()", "undefined"))
_SAYS_LITTLE = frozenset(
    ("", "error", "tool error", "error running tool", "error running tool (non-fatal)")
)
"""Status messages of failed tools that leave the reason to the output."""
_DOCUMENTS = "retrieval.documents."
_NO_ANSWER = Answer()
_ANSWERING = frozenset(("LLM", "TOOL", "RETRIEVER", "AGENT"))


def fill_payload(row: SpanFacts, record: Recorded) -> None:
    """Set the columns that come from what went in and what came out."""
    given, returned = record.given(row.kind), record.returned(row.kind)
    asked, answered = json_text(given), json_text(returned)
    row.input_size, row.output_size = _size(asked), _size(answered)
    row.output_hash = hash_text(answered)
    row.input_hash = _canonical_hash(asked) if row.kind == "TOOL" else hash_text(asked)
    if row.end_ns and row.status != "ERROR" and row.kind in _ANSWERING:
        captured = returned is not None or given is not None
        row.output_empty = captured and _is_blank(answered)
    _BY_KIND.get(row.kind, _fill_plain)(row, record, asked, answered)


def _fill_plain(row: SpanFacts, record: Recorded, asked: str, answered: str) -> None:
    row.input_preview = human_text(asked, last=False)
    row.output_preview = human_text(answered, last=True)
    if row.kind == "AGENT" and "agent_tools" in record.found:
        row.tools_offered = toolset(record.found["agent_tools"]).names


def _fill_tool(row: SpanFacts, record: Recorded, asked: str, answered: str) -> None:
    row.input_preview, row.output_preview = one_line(asked), one_line(answered)
    if answered and (row.status != "ERROR" or row.error_message.lower() in _SAYS_LITTLE):
        told = soft_error(answered)[:500]
        if row.status != "ERROR":
            row.soft_error = fold_signature(told)
        elif told:
            row.error_message, row.error_signature = told, fold_signature(told)


def _fill_retriever(row: SpanFacts, record: Recorded, asked: str, answered: str) -> None:
    row.input_preview = human_text(asked, last=False)
    row.output_preview = one_line(answered)
    flat = record.shape.families.get(_DOCUMENTS)
    if flat:
        row.document_count, row.top_score = flat_documents(record.attributes, flat, _DOCUMENTS)
        row.output_empty = False
    else:
        documents = documents_of(record.found.get("documents"))
        if documents is None:
            documents = documents_of(answered)
        if documents is not None:
            row.document_count, row.top_score = len(documents), top_score(documents)
            row.output_empty = row.output_empty and not documents
    if row.status != "ERROR" and answered:
        row.soft_error = fold_signature(soft_error(answered)[:500])


def _fill_model_call(row: SpanFacts, record: Recorded, asked: str, answered: str) -> None:
    offered = _fill_prompt(row, record, asked)
    answer = digest_answer(answered) if answered else _NO_ANSWER
    row.output_preview = answer.preview
    row.finish_reason = _finish_reason(record, answer)
    row.refused = row.finish_reason == "content_filter" or answer.refused
    ended_well = row.end_ns and row.status != "ERROR"
    if answered and ended_well and answer.silent:
        row.output_empty = True
    if answer.calls:
        row.tools_called = [call.name for call in answer.calls]
        row.bad_call = _bad_call(answer.calls, offered)
    elif answer.words:
        row.refused = row.refused or is_refusal(answer.words)
        if ended_well and _wants_json(record):
            row.invalid_json = not _is_json(answer.words)


def _fill_prompt(row: SpanFacts, record: Recorded, asked: str) -> Toolset:
    system = parsed(record.found.get("system"))
    digest = digest_value(parsed(asked), system) if system else digest_text(asked)
    row.message_count = digest.message_count
    row.system_hash = digest.system_hash
    row.input_preview = digest.preview
    offered = record.tools()
    if not offered.definitions:
        offered = digest.tools
    row.tools_offered = offered.names
    return offered


def _bad_call(calls: list[Part], offered: Toolset) -> str:
    for call in calls:
        schema = offered.schema_of(call.name)
        if schema is not None:
            reason = broken_argument(call.arguments, schema)
            return f"{call.name}: {reason}" if reason else ""
    return ""


def _finish_reason(record: Recorded, answer: Answer) -> str:
    told: Json = record.found.get("finish_reason", answer.finish_reason)
    if isinstance(told, str) and told in FINISH_REASONS:
        return FINISH_REASONS[told]
    told = parsed(told)
    if isinstance(told, list):
        told = next((reason for reason in told if reason), None)
    word = told.rpartition(".")[2].lower() if isinstance(told, str) else ""
    return FINISH_REASONS.get(word, word)


def _wants_json(record: Recorded) -> bool:
    if record.found.get("output_type") == "json":
        return True
    parameters = record.parameters()
    wanted: Json = parameters.get("response_format")
    if wanted is None:
        wanted = object_of(parameters.get("text")).get("format")
    if isinstance(wanted, dict):
        wanted = pick(wanted, "type")
    return wanted in ("json_object", "json_schema") or "response_schema" in parameters


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _canonical_hash(text: str) -> int:
    if text[:1] not in ("{", "["):
        return hash_text(text)
    value = parsed(text)
    canonical = canonical_json(value) if isinstance(value, (dict, list)) else None
    return hash_bytes(canonical) if canonical else hash_text(text)


def _is_blank(text: str) -> bool:
    return (len(text) < 16 or text.isspace()) and "".join(text.split()).lower() in _BLANK


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


_BY_KIND: dict[str, Callable[[SpanFacts, Recorded, str, str], Any]] = {
    "LLM": _fill_model_call,
    "TOOL": _fill_tool,
    "RETRIEVER": _fill_retriever,
}
