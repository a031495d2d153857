"""What the API answers: one struct for each kind of object, as in its OpenAPI document.

Times are ISO 8601 in UTC with nanoseconds, lengths of time milliseconds, money USD.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class Listed(msgspec.Struct, Generic[T]):
    """A page of a list; `next_cursor` asks for the page after it, None at the end."""

    items: list[T]
    next_cursor: str | None = None


class Counted(msgspec.Struct):
    """How many there are; `capped` when there are more, which were not counted."""

    count: int
    capped: bool = False


class TraceItem(msgspec.Struct, kw_only=True):
    """One trace, all its spans added up."""

    trace_id: str
    name: str
    kind: str
    status: str
    error_message: str
    start_time: str | None
    end_time: str | None
    duration_ms: float
    service: str
    agent_id: str
    agent_name: str
    session_id: str
    user_id: str
    input: str
    output: str
    span_count: int
    llm_count: int
    tool_count: int
    error_count: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost_usd: float
    models: list[str]
    root_span_id: str
    complete: bool
    failed_step: str = ""
    """The tool or step that failed first; in lists."""


class SpanItem(msgspec.Struct, kw_only=True):
    """One span in figures and previews."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    status: str
    error_type: str
    error_message: str
    error_signature: str
    start_time: str | None
    end_time: str | None
    duration_ms: float
    service: str
    environment: str
    scope: str
    agent_id: str
    agent_name: str
    session_id: str
    user_id: str
    model: str
    provider: str
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cache_read_tokens: int
    reasoning_tokens: int
    cost_usd: float
    ttft_ms: float
    finish_reason: str
    tools_offered: list[str]
    tools_called: list[str]
    tool_name: str
    tool_call_id: str
    handoff_target: str
    input_size: int
    output_size: int
    input: str
    output: str
    has_usage: bool = False
    has_cost: bool = False


class TraceDetail(msgspec.Struct):
    """A trace and its spans in start order."""

    trace: TraceItem
    spans: list[SpanItem]


class EventItem(msgspec.Struct):
    """Something that happened at one moment of a span."""

    name: str
    time: str | None
    attributes: dict[str, Any]


class LinkItem(msgspec.Struct):
    """A pointer to a span elsewhere."""

    trace_id: str
    span_id: str
    attributes: dict[str, Any]


class SpanDetail(msgspec.Struct):
    """A span with all that was recorded of it."""

    span: SpanItem
    attributes: dict[str, Any]
    resource: dict[str, Any]
    events: list[EventItem]
    links: list[LinkItem]


class Payload(msgspec.Struct, kw_only=True):
    """A piece of a span's input or output; offset and size count characters."""

    part: str
    text: str
    offset: int
    size: int
    next_offset: int | None


class Tree(msgspec.Struct, kw_only=True):
    """A trace as columns: the lists run in parallel, one entry a span, in start order."""

    trace_id: str
    start_ns: int
    end_ns: int
    version: int
    """When its newest span was received; `after=` takes it."""
    kinds: list[str]
    names: list[str]
    models: list[str]
    span_id: list[str]
    parent: list[int]
    """Index of the parent, -1 for a root, -2 when the parent was not received."""
    kind: list[int]
    name: list[int]
    start: list[int]
    """Nanoseconds after `start_ns`."""
    duration: list[int]
    """Nanoseconds, -1 for a span that has not ended."""
    status: list[int]
    """0 unset, 1 OK, 2 error."""
    tokens_in: list[int]
    """-1 where usage was not recorded."""
    tokens_out: list[int]
    tokens_cached: list[int]
    cost: list[float]
    """-1 where it is not known."""
    model: list[int]
    has_events: list[bool]
    errors: dict[str, str]
    """Messages of the spans that failed, by index."""


class Facet(msgspec.Struct):
    """One value of one facet, and in how many traces and spans it occurs."""

    facet: str
    value: str
    traces: int
    spans: int


class Histogram(msgspec.Struct, kw_only=True):
    """Traces by start: bucket n covers [start_time + n·step_ms, start_time + (n+1)·step_ms)."""

    start_time: str | None
    end_time: str | None
    step_ms: float
    ok: list[int]
    error: list[int]


class AgentItem(msgspec.Struct, kw_only=True):
    """One agent; `agent` is its name, or its id without one."""

    agent: str
    agent_id: str
    traces: int
    failed_traces: int
    sessions: int
    spans: int
    p50_ms: float
    p95_ms: float
    total_tokens: int
    cost_usd: float
    models: list[str]
    first_seen: str | None
    last_seen: str | None


class Step(msgspec.Struct):
    """A model or tool that an agent calls."""

    name: str
    calls: int
    failed: int
    p50_ms: float
    p95_ms: float


class ErrorGroup(msgspec.Struct):
    """Errors of one signature; `example` is the id of a trace that has it."""

    signature: str
    spans: int
    traces: int
    example: str


class Steps(msgspec.Struct, kw_only=True):
    """What an agent calls most, and what fails most."""

    model_calls: list[Step]
    tools: list[Step]
    errors: list[ErrorGroup]


class AgentDetail(msgspec.Struct):
    """An agent, what it calls and what fails."""

    agent: AgentItem
    steps: Steps


class Figures(msgspec.Struct, kw_only=True):
    """What an agent did in one stretch of time."""

    traces: int
    failed_traces: int
    error_rate: float
    sessions: int
    spans: int
    model_calls: int
    p50_ms: float
    p95_ms: float
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost_usd: float


class Bucket(Figures, kw_only=True):
    """The figures of [start_time, start_time + step_ms)."""

    start_time: str | None


class Overview(msgspec.Struct, kw_only=True):
    """An agent in a window, beside the window of equal length before it."""

    agent: str
    start_time: str | None
    end_time: str | None
    step_ms: float
    figures: Figures
    before: Figures
    series: list[Bucket]
    steps: Steps


class SessionItem(msgspec.Struct, kw_only=True):
    """One session, its traces added up."""

    session_id: str
    status: str
    agents: list[str]
    user_id: str
    traces: int
    failed_traces: int
    start_time: str | None
    end_time: str | None
    duration_ms: float
    total_tokens: int
    cost_usd: float
    input: str
    output: str


class ToolCall(msgspec.Struct, kw_only=True):
    """A tool call in a conversation, beside what became of it; `result` None: not recorded."""

    name: str
    arguments: str
    result: str | None
    failed: bool
    duration_ms: float


class MessageItem(msgspec.Struct, kw_only=True):
    """One message of a conversation; `span_id` names the model call that said it."""

    role: str
    text: str
    span_id: str | None
    calls: list[ToolCall]


class TurnItem(msgspec.Struct):
    """One trace of a session, and what was said in it that was not said before."""

    trace: TraceItem
    messages: list[MessageItem]


class SessionDetail(msgspec.Struct):
    """A session as its turns."""

    session_id: str
    turns: list[TurnItem]


class Hit(msgspec.Struct):
    """One field of one span in which a pattern was found."""

    trace_id: str
    span_id: str
    field: str
    excerpt: str


class BadLineItem(msgspec.Struct):
    """A line of an import that could not be read."""

    source: str
    line: int
    reason: str


class Imported(msgspec.Struct):
    """What became of an import: spans kept, and the first thousand lines that were not."""

    spans: int
    bad_lines: list[BadLineItem]
    bad_line_count: int


class Deleted(msgspec.Struct):
    """How many spans are gone."""

    spans: int


class ProjectItem(msgspec.Struct):
    """One project."""

    id: str
    name: str
    created_time: str | None


class KeyItem(msgspec.Struct, kw_only=True):
    """An API key; `secret` is given once, when it is made."""

    id: str
    project: str
    name: str
    prefix: str
    scopes: list[str]
    created_time: str | None
    revoked_time: str | None
    secret: str | None = None


class Identity(msgspec.Struct):
    """Who is asking: the project and what is allowed."""

    project: str
    scopes: list[str]
    version: str
    """Of the server."""
