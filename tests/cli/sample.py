"""A small trace file in our own JSONL: three traces, one of them with a failing tool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from catalyst_sdk.spans import Span, encode_span

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
START = 1_760_000_000 * SECOND
"""2025-10-09 08:53:20 UTC."""

FAILED = "79194633" + "a" * 24
"""Asked about an order; the lookup timed out."""
FINE = "b211e659" + "b" * 24
"""A refund that went through."""
OTHER = "b211e6f0" + "c" * 24
"""Another agent; its id begins like FINE's."""
SYSTEM = "You look up orders."


def write_sample(path: Path) -> Path:
    """Write the traces to *path*."""
    spans = [*_failed(), *_fine(), *_other()]
    path.write_bytes(b"".join(encode_span(span) for span in spans))
    return path


def _span(
    trace: str, number: int, name: str, kind: str, start: float, end: float, **more: Any
) -> Span:
    agent = more.pop("agent", "Support Triage")
    attributes = {
        "openinference.span.kind": kind,
        "agent.name": agent,
        "agent.id": agent.lower().replace(" ", "-"),
        "session.id": more.pop("session", "s-1"),
        **more.pop("attributes", {}),
    }
    return Span(
        trace_id=trace,
        span_id=f"{trace[:4]}{number:012x}",
        parent_span_id="" if number == 1 else f"{trace[:4]}{1:012x}",
        name=name,
        start_ns=START + round(start * SECOND),
        end_ns=START + round(end * SECOND),
        status_code=more.pop("status", "OK"),
        resource={"service.name": "shop", "deployment.environment.name": "test"},
        scope_name="sample",
        scope_version="1",
        attributes=attributes,
        **more,
    )


def _model(model: str, given: int, made: int, cost: float, **more: Any) -> dict[str, Any]:
    return {
        "llm.model_name": model,
        "llm.provider": "openai",
        "llm.token_count.prompt": given,
        "llm.token_count.completion": made,
        "llm.token_count.total": given + made,
        "llm.cost.total": cost,
        **more,
    }


def _failed() -> list[Span]:
    asked = "Where is my order #1842?"
    sorry = "I could not reach the order system."
    call = (
        '[{"role":"assistant","tool_calls":[{"id":"c1","function":'
        '{"name":"lookup_order","arguments":"{\\"order_id\\":\\"1842\\"}"}}]}]'
    )
    told = f'[{{"role":"system","content":"{SYSTEM}"}},{{"role":"user","content":"{asked}"}}]'
    return [
        _span(
            FAILED,
            1,
            "triage.run",
            "AGENT",
            0,
            14.2,
            attributes={"input.value": asked, "output.value": sorry, "tenant": "acme"},
        ),
        _span(
            FAILED,
            2,
            "ChatCompletion",
            "LLM",
            0.1,
            3.1,
            attributes=_model(
                "gpt-5.4-mini",
                8100,
                412,
                0.0061,
                **{"llm.input_messages": told, "llm.output_messages": call},
            ),
        ),
        _span(
            FAILED,
            3,
            "lookup_order",
            "TOOL",
            3.1,
            8.1,
            status="ERROR",
            status_message="Tool timed out after 30s",
            attributes={
                "tool.name": "lookup_order",
                "tool_call.id": "c1",
                "input.value": '{"order_id":"1842"}',
                "output.value": "",
            },
        ),
        _span(
            FAILED,
            4,
            "ChatCompletion",
            "LLM",
            8.2,
            14.1,
            attributes=_model("gpt-5.4-mini", 9200, 350, 0.0081, **{"output.value": sorry}),
        ),
    ]


def _fine() -> list[Span]:
    later = 3600.0
    return [
        _span(
            FINE,
            1,
            "triage.run",
            "AGENT",
            later,
            later + 2.5,
            session="s-2",
            attributes={
                "input.value": "Refund order #7",
                "output.value": "Refunded €20.",
                "user.id": "u-1",
            },
        ),
        _span(
            FINE,
            2,
            "refund",
            "TOOL",
            later + 1,
            later + 1.25,
            session="s-2",
            attributes={
                "tool.name": "refund",
                "input.value": '{"order_id":"7","amount":20}',
                "output.value": '{"ok":true,"ids":[1,2]}',
            },
        ),
    ]


def _other() -> list[Span]:
    later = 2 * 86_400.0
    return [
        _span(
            OTHER,
            1,
            "research",
            "AGENT",
            later,
            later + 1814,
            agent="Deep Research",
            session="s-3",
            attributes={"input.value": "Research\x1b[31m everything\tnow", "output.value": "Done."},
        ),
        _span(
            OTHER,
            2,
            "chat gpt-5.5",
            "LLM",
            later + 1,
            later + 1800,
            agent="Deep Research",
            session="s-3",
            attributes=_model("gpt-5.5", 23_000_000, 100_000, 27.7),
        ),
    ]
