"""Span facts: what normalisation computes once, so that no list or detector parses a payload.

The fields are the columns of the `spans` table, in the sidecar of a file and in a store alike.
Absent text is "", absent numbers are 0; `has_usage` and `has_cost` tell absent from zero.
"""

from __future__ import annotations

import msgspec


class SpanFacts(msgspec.Struct, kw_only=True):
    """One row of the `spans` table."""

    # Who and where
    trace_id: str
    span_id: str
    parent_span_id: str = ""
    name: str = ""
    kind: str = "UNKNOWN"
    """One of `semconv.SPAN_KINDS`."""
    service: str = ""
    service_version: str = ""
    environment: str = ""
    scope: str = ""
    project_id: str = ""
    agent_id: str = ""
    agent_name: str = ""
    agent_role: str = ""
    session_id: str = ""
    user_id: str = ""

    # When
    start_ns: int = 0
    end_ns: int = 0
    """0: never ended."""
    duration_ns: int = 0

    # How it went
    status: str = "UNSET"
    """`UNSET`, `OK` or `ERROR`."""
    error_type: str = ""
    """Exception class or provider error code."""
    error_message: str = ""
    """First 500 characters."""
    error_signature: str = ""
    """The message with numbers, ids, quotes, paths and timestamps folded: the grouping key.
    Set when status is ERROR."""
    soft_error: str = ""
    """Signature of an error found in the output of a span whose status is not ERROR
    (`success=false`, HTTP 4xx/5xx in a tool result, a traceback in text, "Error: …")."""
    stream_outcome: str = ""
    """`complete`, `aborted`, `error` or ""."""
    retries: int = 0

    # Model
    model: str = ""
    request_model: str = ""
    provider: str = ""
    prompt_tokens: int = 0
    """Includes cached."""
    completion_tokens: int = 0
    total_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    has_usage: bool = False
    cost_usd: float = 0.0
    has_cost: bool = False
    ttft_ms: float = 0.0
    """Time to first token."""
    finish_reason: str = ""
    refused: bool = False
    message_count: int = 0
    """Messages in an LLM span's input."""
    system_hash: int = 0
    """Hash of the system prompt, 0 without one."""
    tools_offered: list[str] = []
    """Names of the tools an LLM span offered to the model."""
    tools_called: list[str] = []
    """Names of the tools an LLM span's answer calls, in order."""
    bad_call: str = ""
    """Why the first tool call of the answer breaks the schema it was offered with."""
    invalid_json: bool = False
    """Structured output was asked for and the answer does not parse."""

    # Tool, retriever, hand-off
    tool_name: str = ""
    tool_call_id: str = ""
    handoff_target: str = ""
    document_count: int = -1
    """Documents a retriever returned, -1 when not told."""
    top_score: float = 0.0

    # Payloads
    input_hash: int = 0
    """64 bits of the canonical JSON (TOOL) or the raw text, 0 without input."""
    output_hash: int = 0
    input_size: int = 0
    """Bytes."""
    output_size: int = 0
    output_empty: bool = False
    """A finished LLM, TOOL, RETRIEVER or AGENT span whose output is blank, [], {} or null."""
    input_preview: str = ""
    """At most 240 characters, one line."""
    output_preview: str = ""

    # Where its line stands (files only)
    source: int = 0
    """Index of the file in the data set."""
    line_offset: int = 0
    """Byte offset of its line in the (decompressed) file."""
    line_length: int = 0
