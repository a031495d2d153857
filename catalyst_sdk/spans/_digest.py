"""The payload columns of span facts, by the kind of span."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalyst_sdk.spans._call import CALL_COLUMNS, model_call, wants_json
from catalyst_sdk.spans._documents import documents_of, flat_documents, top_score
from catalyst_sdk.spans._facts import SpanFacts
from catalyst_sdk.spans._hash import canonical_json, hash_bytes, hash_text
from catalyst_sdk.spans._json import json_text, parsed
from catalyst_sdk.spans._payload import Recorded
from catalyst_sdk.spans._preview import human_text, one_line
from catalyst_sdk.spans._signature import fold_signature
from catalyst_sdk.spans._soft_error import soft_error
from catalyst_sdk.spans._tools import toolset

_BLANK = frozenset(("", "[]", "{}", "null", "none", '""', "''", "()", "undefined"))
_SAYS_LITTLE = frozenset(
    ("", "error", "tool error", "error running tool", "error running tool (non-fatal)")
)
"""Status messages of failed tools that leave the reason to the output."""
_DOCUMENTS = "retrieval.documents."
ANSWERING = frozenset(("LLM", "TOOL", "RETRIEVER", "AGENT"))
"""Kinds whose output may not be empty."""


def fill_payload(row: SpanFacts, record: Recorded) -> None:
    """Set the columns that come from what went in and what came out."""
    given, returned = record.given(row.kind), record.returned(row.kind)
    asked, answered = json_text(given), json_text(returned)
    row.input_size, row.output_size = size_of(asked), size_of(answered)
    row.output_hash = hash_text(answered)
    row.input_hash = canonical_hash(asked) if row.kind == "TOOL" else hash_text(asked)
    if row.end_ns and row.status != "ERROR" and row.kind in ANSWERING:
        captured = returned is not None or given is not None
        row.output_empty = captured and is_blank(answered)
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
    found = record.found
    call = model_call(
        asked,
        answered,
        system=parsed(found.get("system")),
        told=found.get("finish_reason"),
        offered=record.tools(),
        wants_json=found.get("output_type") == "json" or wants_json(record.parameters()),
        well=bool(row.end_ns) and row.status != "ERROR",
    )
    empty = row.output_empty
    for column, value in zip(CALL_COLUMNS, call, strict=True):
        setattr(row, column, value)
    row.output_empty = row.output_empty or empty


def canonical_hash(text: str) -> int:
    """Hash JSON by what it means, other text as it is."""
    if text[:1] not in ("{", "["):
        return hash_text(text)
    value = parsed(text)
    canonical = canonical_json(value) if isinstance(value, (dict, list)) else None
    return hash_bytes(canonical) if canonical else hash_text(text)


def is_blank(text: str) -> bool:
    """Tell an output that says nothing: blank, [], {} or null."""
    return (len(text) < 16 or text.isspace()) and "".join(text.split()).lower() in _BLANK


def size_of(text: str) -> int:
    """Count the bytes of a text."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


_BY_KIND: dict[str, Callable[[SpanFacts, Recorded, str, str], Any]] = {
    "LLM": _fill_model_call,
    "TOOL": _fill_tool,
    "RETRIEVER": _fill_retriever,
}
