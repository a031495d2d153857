"""Seeded traces of a shop's agent: healthy ones, and ones with a single known flaw planted.

Writes the JSONL contract by hand, with no help from the package, so that what the detectors read
was not made by the code under test.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

START = 1_772_442_000_000_000_000  # 2026-03-02T09:00:00Z
SECOND = 1_000_000_000
SYSTEM = (
    "You are the shop's helper. Look orders up before you speak about them. "
    "Never promise a refund that the policy does not allow. Answer in at most three sentences. "
) * 8


def tool(name: str, **parameters: str) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": f"The shop's {name.replace('_', ' ')}.",
            "parameters": {
                "type": "object",
                "properties": {key: {"type": kind} for key, kind in parameters.items()},
                "required": list(parameters),
            },
        },
    }


TOOLS = [
    tool("get_order", order_id="string"),
    tool("search_products", text="string", limit="integer"),
    tool("check_refund", order_id="string", reason="string"),
]
TOPICS = ("delivery", "refund", "size", "colour", "invoice", "address", "gift card", "warranty")
OPENINGS = (
    "Where is order {n}, it should be here by now?",
    "My parcel {n} came with the wrong {t}, what now?",
    "Could you tell me about the {t} of order {n}?",
    "I bought something under {n} and need help with {t}.",
    "Question on {t}: does order {n} qualify?",
)


def nanos(value: int) -> str:
    seconds, rest = divmod(value, SECOND)
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"


class Traces:
    """Many runs, one after the other, in one file."""

    def __init__(self, seed: int = 7) -> None:
        self.random = random.Random(seed)
        self.lines: list[dict[str, Any]] = []
        self.now = START
        self.planted: set[str] = set()

    def hex(self, digits: int) -> str:
        return f"{self.random.getrandbits(digits * 4):0{digits}x}"

    def run(self, **options: Any) -> Run:
        self.now += int(self.random.uniform(20, 90) * SECOND)
        return Run(self, **options)

    def write(self, path: Path, *, shuffle: int | None = None) -> Path:
        lines = list(self.lines)
        if shuffle is not None:
            random.Random(shuffle).shuffle(lines)
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return path


@dataclass
class Run:
    """One trace: an agent span and the steps below it. Each step moves the clock."""

    traces: Traces
    agent: str = "shop-helper"
    agent_id: str = ""
    named: bool = True
    session: str = ""
    user: str = "u-1"
    service: str = "shop"
    version: str = "1.4.0"
    system: str = SYSTEM
    question: str = ""
    offers: Sequence[dict[str, Any]] = field(default_factory=lambda: TOOLS)
    model: str = "gpt-4o-mini"
    trace_id: str = ""
    root: bool = True

    def __post_init__(self) -> None:
        pick = self.traces.random
        self.trace_id = self.traces.hex(32)
        self.number = str(pick.randint(10_000, 99_999))
        self.question = self.question or pick.choice(OPENINGS).format(
            n=self.number, t=pick.choice(TOPICS)
        )
        self.session = self.session or f"s-{self.trace_id[:8]}"
        self.history: list[dict[str, Any]] = [
            {"role": "system", "content": self.system},
            {"role": "user", "content": self.question},
        ]
        self.now = self.traces.now
        self.parents = [self.traces.hex(16)]
        self.names = [(self.agent, self.agent_id or f"{self.agent}-id")]
        self.began = self.now
        self.prompt = 0

    def took(self, low: float, high: float) -> int:
        return int(self.traces.random.uniform(low, high) * SECOND)

    def span(
        self,
        name: str,
        kind: str,
        attributes: dict[str, Any],
        *,
        seconds: float | None = None,
        error: str = "",
        error_type: str = "",
        span_id: str = "",
        start: int = 0,
        end: int | None = None,
        parent: str | None = None,
        status: str = "",
    ) -> str:
        span_id = span_id or self.traces.hex(16)
        start = start or self.now
        if end is None:
            end = start + int((0.5 if seconds is None else seconds) * SECOND)
        who, who_id = self.names[-1]
        identity = {"agent.name": who, "agent.id": who_id} if self.named else {}
        events = []
        if error_type:
            exception = {"exception.type": error_type, "exception.message": error}
            events = [
                {"name": "exception", "time": nanos(max(end, start)), "attributes": exception}
            ]
        self.traces.lines.append(
            {
                "trace_id": self.trace_id,
                "span_id": span_id,
                "parent_span_id": self.parents[-1] if parent is None else parent,
                "trace_state": "",
                "name": name,
                "kind": "SPAN_KIND_INTERNAL",
                "start_time": nanos(start),
                "end_time": nanos(end) if end else "",
                "status": {
                    "code": status or ("STATUS_CODE_ERROR" if error else "STATUS_CODE_OK"),
                    "message": error,
                },
                "resource": {
                    "attributes": {"service.name": self.service, "service.version": self.version}
                },
                "scope": {"name": "planted", "version": "1"},
                "attributes": {
                    "openinference.span.kind": kind,
                    "session.id": self.session,
                    "user.id": self.user,
                    **identity,
                    **attributes,
                },
                "events": events,
                "links": [],
            }
        )
        self.now = max(self.now, end + 2_000_000)
        return span_id

    def llm(
        self,
        says: str = "",
        calls: Sequence[tuple[str, dict[str, Any] | str]] = (),
        *,
        prompt: int | None = None,
        completion: int | None = None,
        cached: float = 0.7,
        reasoning: int = 0,
        finish: str = "",
        usage: bool = True,
        content: bool = True,
        model: str | None = None,
        seconds: float | None = None,
        error: str = "",
        error_type: str = "",
        messages: list[dict[str, Any]] | None = None,
        offers: Sequence[dict[str, Any]] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> list[str]:
        """Ask the model; gives the ids of the tool calls in its answer."""
        offers = self.offers if offers is None else offers
        history = self.history if messages is None else messages
        ids = [f"call_{self.traces.hex(8)}" for _ in calls]
        answer: dict[str, Any] = {"role": "assistant", "content": says}
        if calls:
            answer["tool_calls"] = [
                {
                    "id": call_id,
                    "type": "function",
                    "function": {
                        "name": name,
                        "arguments": args if isinstance(args, str) else json.dumps(args),
                    },
                }
                for call_id, (name, args) in zip(ids, calls, strict=True)
            ]
        prompt = len(json.dumps(history)) // 4 + 400 if prompt is None else prompt
        completion = len(json.dumps(answer)) // 4 + reasoning if completion is None else completion
        model = self.model if model is None else model
        attributes: dict[str, Any] = {"llm.provider": "openai"}
        if model:
            attributes["llm.model_name"] = model
        if content:
            attributes |= {
                "llm.input_messages": json.dumps(history),
                "llm.output_messages": json.dumps([answer] if not error else []),
                "input.value": json.dumps({"messages": history}),
                "input.mime_type": "application/json",
                "output.value": says or (json.dumps(answer) if calls else ""),
            }
            if offers:
                attributes["llm.tools"] = json.dumps(list(offers))
        if not error:
            attributes["llm.finish_reason"] = finish or ("tool_calls" if calls else "stop")
        if usage and not error:
            cache = int(prompt * cached) if self.prompt else 0
            attributes |= {
                "llm.token_count.prompt": prompt,
                "llm.token_count.completion": completion,
                "llm.token_count.total": prompt + completion,
                "llm.token_count.prompt_details.cache_read": cache,
            }
            if reasoning:
                attributes["llm.token_count.completion_details.reasoning"] = reasoning
            self.prompt = prompt
        self.span(
            "ChatCompletion",
            "LLM",
            attributes | (extra or {}),
            seconds=self.traces.random.uniform(0.7, 1.6) if seconds is None else seconds,
            error=error,
            error_type=error_type,
        )
        if messages is None and not error:
            self.history = [*self.history, answer]
        return ids

    def tool(
        self,
        name: str,
        args: dict[str, Any],
        result: Any = None,
        *,
        call_id: str = "",
        seconds: float | None = None,
        error: str = "",
        error_type: str = "",
        start: int = 0,
        extra: dict[str, Any] | None = None,
    ) -> str:
        text = "" if result is None else result if isinstance(result, str) else json.dumps(result)
        span_id = self.span(
            name,
            "TOOL",
            {
                "tool.name": name,
                "tool_call.id": call_id or f"call_{self.traces.hex(8)}",
                "input.value": json.dumps(args),
                "output.value": text,
                **(extra or {}),
            },
            seconds=self.traces.random.uniform(0.08, 0.3) if seconds is None else seconds,
            error=error,
            error_type=error_type,
            start=start,
        )
        self.history = [
            *self.history,
            {"role": "tool", "tool_call_id": call_id, "content": text or error},
        ]
        return span_id

    def ask(self, name: str, args: dict[str, Any], result: Any = None, **options: Any) -> None:
        """One model turn that calls one tool, and the call."""
        (call_id,) = self.llm("", [(name, args)])
        self.tool(name, args, result, call_id=call_id, **options)

    def retriever(
        self, text: str, scores: Sequence[float], *, seconds: float | None = None
    ) -> None:
        attributes: dict[str, Any] = {"input.value": text}
        for index, score in enumerate(scores):
            stem = f"retrieval.documents.{index}.document"
            attributes[f"{stem}.content"] = f"Section {index + 1} on {text}"
            attributes[f"{stem}.score"] = score
        attributes["output.value"] = json.dumps(
            [{"content": f"Section {i + 1} on {text}"} for i in range(len(scores))]
        )
        self.span("search_kb", "RETRIEVER", attributes, seconds=seconds or 0.2)

    @contextmanager
    def within(self, agent: str, *, error: str = "") -> Iterator[None]:
        """Steps of another agent, below the present one."""
        span_id, began = self.traces.hex(16), self.now
        self.parents.append(span_id)
        self.names.append((agent, f"{agent}-id"))
        yield
        self.parents.pop()
        who = self.names[-1][0]
        attributes = {"input.value": self.question, "output.value": f"{agent} is done"}
        self.span(
            f"{who}.run",
            "AGENT",
            attributes,
            span_id=span_id,
            start=began,
            end=self.now,
            error=error,
        )
        self.names.pop()

    def end(self, answer: str = "", *, error: str = "", error_type: str = "") -> str:
        """Close the run: the root span, unless it was to be left out."""
        self.traces.now = max(self.traces.now, self.now)
        if self.root:
            self.span(
                f"{self.agent}.run",
                "AGENT",
                {"input.value": self.question, "output.value": answer},
                span_id=self.parents[0],
                parent="",
                start=self.began,
                end=self.now,
                error=error,
                error_type=error_type,
            )
        return self.trace_id

    def answer(self, says: str = "") -> str:
        """The last model turn, and the end."""
        says = says or f"Order {self.number} is on its way and arrives on day {self.number[-1]}."
        self.llm(says)
        return self.end(says)

    def order(self) -> dict[str, Any]:
        return {"order_id": self.number, "state": "shipped", "items": int(self.number[-2:]) + 1}

    def opening(self) -> Run:
        """How most runs begin: the order is looked up."""
        self.ask("get_order", {"order_id": self.number}, self.order())
        return self


def healthy_run(traces: Traces, *, noise: bool = False, **options: Any) -> Run:
    """The steps of a good run, all but its last answer; with *noise* a call may be refused once."""
    run = traces.run(**options).opening()
    choice = traces.random.random()
    if choice < 0.4:
        text = f"{traces.random.choice(TOPICS)} for {run.number}"
        run.ask("search_products", {"text": text, "limit": 5}, {"hits": [text, run.number]})
    if choice > 0.6:
        args = {"order_id": run.number, "reason": traces.random.choice(TOPICS)}
        if noise and traces.random.random() < 0.05:
            run.ask("check_refund", {**args, "order_id": run.number[:3]}, error="no such order")
        run.ask("check_refund", args, {"allowed": choice > 0.8, "order": run.number})
    if choice > 0.5:
        run.retriever(f"policy {run.number}", [0.9, 0.82, traces.random.uniform(0.6, 0.8)])
    return run


def healthy(seed: int = 7, runs: int = 60, **options: Any) -> Traces:
    traces = Traces(seed)
    for _ in range(runs):
        healthy_run(traces, noise=True, **options).answer()
    return traces
