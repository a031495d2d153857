"""What a filter can ask about: each field's columns, units and names."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Literal, NamedTuple

from catalyst_sdk.semconv import SPAN_KINDS
from catalyst_sdk.store.filter._lexer import problem

FieldKind = Literal["text", "contains", "list", "number", "flag", "payload"]
Unit = Literal["count", "ns", "ms", "usd", "bytes", ""]


class Field(NamedTuple):
    """One field: the columns of `spans` it reads, and the column of `traces` for whole traces."""

    name: str
    kind: FieldKind
    columns: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    unit: Unit = ""
    present: str = ""
    """Column of `spans` that must be above *over* for the number to exist."""
    of_trace: str = ""
    """Column of `traces` that answers for a whole trace; without one, any of its spans does."""
    choices: tuple[str, ...] = ()
    over: int = 0


_STATUSES = ("error", "ok", "unset")


def _number(
    name: str,
    column: str,
    unit: Unit,
    aliases: tuple[str, ...] = (),
    present: str = "",
    *,
    whole: str = "",
    over: int = 0,
) -> Field:
    columns = (column,) if column else ()
    return Field(name, "number", columns, aliases, unit, present, whole, over=over)


def _tokens(name: str, column: str, *aliases: str, whole: str = "") -> Field:
    known = aliases if name == column else (column, *aliases)
    return _number(name, column, "count", known, "has_usage", whole=whole)


_ALL = (
    Field("trace", "text", ("trace_id",), ("trace_id",)),
    Field("span", "text", ("span_id",), ("span_id",)),
    Field("parent", "text", ("parent_span_id",), ("parent_span_id",)),
    Field("name", "text", ("name",), ("span_name",)),
    Field("kind", "text", ("kind",), ("span_kind",), choices=SPAN_KINDS),
    Field("status", "text", ("status",), of_trace="status", choices=_STATUSES),
    Field("service", "text", ("service",), ("service_name",)),
    Field("version", "text", ("service_version",), ("service_version",)),
    Field("environment", "text", ("environment",), ("env",)),
    Field("scope", "text", ("scope",)),
    Field("project", "text", ("project_id",), ("project_id",)),
    Field("agent", "text", ("agent_name", "agent_id")),
    Field("agent_id", "text", ("agent_id",)),
    Field("agent_name", "text", ("agent_name",)),
    Field("role", "text", ("agent_role",), ("agent_role",)),
    Field("session", "text", ("session_id",), ("session_id",)),
    Field("user", "text", ("user_id",), ("user_id",)),
    Field("model", "text", ("model", "request_model"), ("model_name",)),
    Field("provider", "text", ("provider",)),
    Field("finish", "text", ("finish_reason",), ("finish_reason",)),
    Field("outcome", "text", ("stream_outcome",), ("stream_outcome",)),
    Field("tool", "text", ("tool_name",), ("tool_name",)),
    Field("tool_call", "text", ("tool_call_id",), ("tool_call_id",)),
    Field("handoff", "text", ("handoff_target",), ("handoff_target",)),
    Field("error_type", "text", ("error_type",), ("exception",)),
    Field(
        "error",
        "contains",
        ("error_message", "error_type", "error_signature", "soft_error"),
        ("error_message",),
    ),
    Field("calls", "list", ("tools_called",), ("tools_called",)),
    Field("offers", "list", ("tools_offered",), ("tools_offered",)),
    _number("duration", "duration_ns", "ns", ("latency",), "end_ns", whole="duration_ns"),
    _number("duration_ms", "duration_ns", "ms", ("latency_ms",), "end_ns", whole="duration_ns"),
    _number("ttft", "ttft_ms", "ns", (), "ttft_ms"),
    _number("ttft_ms", "ttft_ms", "ms", (), "ttft_ms"),
    _number("cost", "cost_usd", "usd", ("cost_usd", "total_cost"), "has_cost", whole="cost_usd"),
    _tokens("tokens", "total_tokens", whole="total_tokens"),
    _tokens("prompt_tokens", "prompt_tokens", "input_tokens", whole="prompt_tokens"),
    _tokens("completion_tokens", "completion_tokens", "output_tokens", whole="completion_tokens"),
    _tokens("cached", "cache_read_tokens"),
    _tokens("reasoning", "reasoning_tokens"),
    _number("messages", "message_count", "count", ("message_count",)),
    _number("retries", "retries", "count"),
    _number("documents", "document_count", "count", ("document_count",), "document_count", over=-1),
    _number("input_size", "input_size", "bytes"),
    _number("output_size", "output_size", "bytes"),
    _number("spans", "", "count", ("span_count",), whole="span_count"),
    _number("errors", "", "count", ("error_count",), whole="error_count"),
    _number("llm_calls", "", "count", ("llm_count", "llm_span_count"), whole="llm_count"),
    _number("tool_calls", "", "count", ("tool_count",), whole="tool_count"),
    Field("refused", "flag", ("refused",)),
    Field("empty", "flag", ("output_empty",), ("output_empty",)),
    Field("invalid_json", "flag", ("invalid_json",)),
    Field("attr", "payload", (), ("attribute", "metadata")),
    Field("resource", "payload"),
    Field("text", "payload"),
)

FIELDS = {name: field for field in _ALL for name in (field.name, *field.aliases)}
"""Every name and alias to its field."""


def field_named(name: str, position: int) -> Field:
    """Find a field by name or alias; raises ConfigError that names the closest one."""
    field = FIELDS.get(name.lower())
    if field is not None:
        if field.name in ("attr", "resource"):
            raise problem(f"`{name}` needs a name", position, f"Say {name}.tenant=acme.")
        return field
    near = get_close_matches(name.lower(), FIELDS, n=1, cutoff=0.6)
    hint = f"Did you mean `{near[0]}`? " if near else ""
    raise problem(
        f"There is no field `{name}`",
        position,
        f"{hint}To search for it as text, put it in quotes.",
    )


def choice_named(field: Field, text: str, position: int) -> str:
    """Check a value of a field with few values; raises ConfigError that names the closest one."""
    spelled = {choice.lower(): choice for choice in field.choices}
    if text.lower() in spelled:
        return spelled[text.lower()]
    near = get_close_matches(text.lower(), spelled, n=1, cutoff=0.5)
    known = ", ".join(field.choices)
    hint = f"Did you mean `{spelled[near[0]]}`? " if near else ""
    raise problem(f"`{text}` is no {field.name}", position, f"{hint}Known: {known}.")
