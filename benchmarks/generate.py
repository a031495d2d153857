"""Trace files shaped like real runs: customer-service agents, about 10 KB a span, seeded.

A run is an agent's span above turns of a model call (the long system prompt and the conversation
so far in each) and often a tool call; some tools fail, some runs repeat themselves or end badly.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

Json = dict[str, Any]

NEEDLE = "reference ZX-7F3A-441"
"""A text that stands in one span of every thousand."""
_START_NS = 1_767_225_600_000_000_000
_RULES = (
    "Before changing a booking, list the details and obtain the user's explicit consent. ",
    'Deny requests against this policy; transfer to a person only if "needed" and say so.\n',
    "A reservation has an id, a user, a trip type, flights, passengers and payment methods. ",
    "Basic economy cannot be modified; other cabins can, at the price of the day.\n- ",
)
_TOOLS = ("get_user", "search_flights", "book_flight", "cancel_booking", "issue_refund")
_MODELS = ("gpt-5-mini", "gpt-5", "claude-sonnet-4-5")
_ERRORS = (
    "TimeoutError: no answer within {n} ms",
    "KeyError: 'fare_{n}'",
    "HTTP 503 from node {n}",
)


def generate(path: Path, megabytes: float, seed: int = 1) -> int:
    """Write a file of about that size and give the number of traces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    encode, chance = msgspec.json.Encoder().encode, random.Random(seed)
    system, left, traces = _system_prompt(chance), megabytes * 1e6, 0
    with draft.open("wb", buffering=1 << 20) as out:
        while left > 0:
            for span in _run(chance, system, traces):
                left -= out.write(encode(span) + b"\n")
            traces += 1
    draft.replace(path)
    return traces


def _system_prompt(chance: random.Random) -> str:
    return "# Airline agent policy\n\n" + "".join(chance.choice(_RULES) for _ in range(110))


def _run(chance: random.Random, system: str, number: int) -> Iterator[Json]:
    trace = f"{chance.getrandbits(128):032x}"
    agent = f"desk-{number % 3}"
    about: Json = {"agent.id": agent, "agent.name": agent, "session.id": f"session-{number // 2}"}
    clock = _START_NS + number * 1_300_000_000
    root = f"{chance.getrandbits(64):016x}"
    messages: list[Json] = [
        {"role": "system", "content": system},
        {"role": "user", "content": _words(chance, 30)},
    ]
    spans: list[Json] = []
    loops = chance.random() < 0.04
    name = chance.choice(_TOOLS)
    turns = chance.choice((0, 0, 1, 1, 1, 2, 3)) + 4 * loops
    for turn in range(turns):
        spans.append(_model_span(chance, messages, turn))
        name = name if loops else chance.choice(_TOOLS)
        asked = {"user": f"user_{number if loops else chance.randrange(9999)}", "limit": 20}
        spans.append(_tool_span(chance, name, asked, messages))
    spans.append(_model_span(chance, messages, turns))
    answer = messages[-1]["content"] if chance.random() > 0.02 else ""
    ended = clock
    for span in spans:
        ended = _place(chance, span, trace, root, ended, about)
    whole: Json = {
        "name": "handle_request",
        "attributes": {
            "openinference.span.kind": "AGENT",
            "input.value": messages[1]["content"],
            "output.value": answer,
        },
    }
    if chance.random() < 0.03:
        whole["status"] = {
            "code": "STATUS_CODE_ERROR",
            "message": chance.choice(_ERRORS).format(n=chance.randrange(500)),
        }
    _place(chance, whole, trace, "", clock, about, span_id=root, end=ended)
    yield whole
    yield from spans


def _model_span(chance: random.Random, messages: list[Json], turn: int) -> Json:
    text = _words(chance, 60)
    if chance.random() < 0.001:
        text += NEEDLE
    attributes: Json = {
        "openinference.span.kind": "LLM",
        "llm.model_name": chance.choice(_MODELS),
        "llm.provider": "openai",
        "llm.input_messages": msgspec.json.encode(messages).decode(),
        "llm.output_messages": msgspec.json.encode(
            [{"role": "assistant", "content": text}]
        ).decode(),
        "llm.finish_reason": "length" if chance.random() < 0.01 else "stop",
        "llm.token_count.prompt": 1800 + 300 * turn,
        "llm.token_count.completion": 80,
        "llm.token_count.total": 1880 + 300 * turn,
    }
    messages.append({"role": "assistant", "content": text})
    return {"name": "chat", "attributes": attributes}


def _tool_span(chance: random.Random, name: str, asked: Json, messages: list[Json]) -> Json:
    span: Json = {
        "name": name,
        "attributes": {
            "openinference.span.kind": "TOOL",
            "tool.name": name,
            "input.value": msgspec.json.encode(asked).decode(),
        },
    }
    if chance.random() < (0.2 if name == "issue_refund" else 0.03):
        error = chance.choice(_ERRORS).format(n=chance.randrange(5000))
        span["status"] = {"code": "STATUS_CODE_ERROR", "message": error}
        result = error
    else:
        rows = [{"id": chance.randrange(10**6), "note": _words(chance, 8)} for _ in range(20)]
        result = msgspec.json.encode({"rows": rows}).decode()
    span["attributes"]["output.value"] = result
    messages.append({"role": "tool", "content": result})
    return span


def _place(
    chance: random.Random,
    span: Json,
    trace: str,
    parent: str,
    start: int,
    about: Json,
    *,
    span_id: str = "",
    end: int = 0,
) -> int:
    """Fill in ids, times and identity; gives the end."""
    end = end or start + int(chance.lognormvariate(20.5, 0.5))
    filled: Json = {
        "trace_id": trace,
        "span_id": span_id or f"{chance.getrandbits(64):016x}",
        "parent_span_id": parent,
        "trace_state": "",
        "name": span["name"],
        "kind": "SPAN_KIND_INTERNAL",
        "start_time": _iso(start),
        "end_time": _iso(end),
        "status": span.get("status", {"code": "STATUS_CODE_OK", "message": ""}),
        "resource": {"attributes": {"service.name": "airline"}},
        "scope": {"name": "bench", "version": "1"},
        "attributes": {**about, **span["attributes"]},
    }
    span.clear()
    span.update(filled)
    return end


def _iso(nanoseconds: int) -> str:
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:09d}Z"


_LEXICON = tuple(
    word
    for line in (
        "flight seat refund tomorrow booking certificate the a passenger change cabin economy fee",
        "your price reservation policy bag please confirm gift card total delayed to and from for",
    )
    for word in line.split()
)


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choices(_LEXICON, k=count)) + ". "
