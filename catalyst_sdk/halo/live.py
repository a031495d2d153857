"""Hooks that watch a running agent: `catalyst_sdk.init(hooks=[live.RepeatedToolCall()])`.

Each looks at spans as they end, keeps a little state for each trace still running (at most a
thousand), and gives a finding once a trace. With `stop=True` it also has `StopAgent` raised at the
trace's next instrumented call. State is kept under no lock: a span may end in a signal handler.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import msgspec

from catalyst_sdk import hooks, semconv
from catalyst_sdk.errors import ConfigError, MissingExtra
from catalyst_sdk.findings import Category, Evidence, Finding, Fix, Impact

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["Budget", "ErrorStorm", "RepeatedToolCall", "TurnLimit", "UnofferedTool"]

_MOST = 1000
_NS = 1_000_000_000
State = TypeVar("State")
Attributes = Mapping[str, Any]


class _Watch(Generic[State]):
    """What the hooks share: state by trace, one finding a trace, stopping."""

    name = ""
    category: Category = "reliability"

    def __init__(self, *, stop: bool = False) -> None:
        self._stop = stop
        self._states: dict[str, State] = {}
        self._told: dict[str, None] = {}

    def __call__(self, span: ReadableSpan, /) -> Finding | None:
        """Look at one span; give a finding when it is the one too many."""
        if span.context is None:
            return None
        trace_id = f"{span.context.trace_id:032x}"
        attributes = cast("Attributes", span.attributes or {})
        finding = None
        if trace_id not in self._told:
            finding = self._look(span, attributes, trace_id)
        if span.parent is None:
            self._states.pop(trace_id, None)
            self._told.pop(trace_id, None)
        elif finding is not None:
            _room(self._told)
            self._told[trace_id] = None
        if finding is not None and self._stop:
            hooks.request_stop(span.context.trace_id, finding.title, finding)
        return finding

    def _look(self, span: ReadableSpan, attributes: Attributes, trace_id: str) -> Finding | None:
        return None

    def _state(self, key: str, new: State) -> State:
        if key not in self._states:
            _room(self._states)
            self._states[key] = new
        return self._states[key]

    def _finding(
        self,
        span: ReadableSpan,
        title: str,
        summary: str,
        fix: Fix,
        quote: str = "",
        count: int = 1,
    ) -> Finding:
        assert span.context is not None
        trace_id, span_id = f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}"
        attributes = cast("Attributes", span.attributes or {})
        agent = attributes.get(semconv.AGENT_ID) or attributes.get(semconv.AGENT_NAME)
        seen = span.end_time or 0
        return Finding(
            id=f"live-{self.name}-{trace_id[:8]}",
            fingerprint=f"live-{self.name}",
            title=title,
            category=self.category,
            severity="high",
            confidence=1.0,
            summary=summary,
            root_cause="Seen while the agent ran; run Halo over many traces for the cause.",
            impact=Impact(
                traces_affected=1,
                traces_total=1,
                occurrences=count,
                first_seen_ns=seen,
                last_seen_ns=seen,
            ),
            fix=fix,
            matcher=f"trace:{trace_id}",
            trace_ids=[trace_id],
            evidence=[Evidence(trace_id=trace_id, span_id=span_id, quote=quote, verified=True)],
            detector=f"live.{self.name}",
            agents=[str(agent)] if agent else [],
        )


class RepeatedToolCall(_Watch[dict[bytes, int]]):
    """The same tool called with the same input *times* times in one trace."""

    name = "repeated-call"
    category = "tools"

    def __init__(self, times: int = 3, *, stop: bool = False) -> None:
        super().__init__(stop=stop)
        self._times = _positive("times", times)

    def _look(self, span: ReadableSpan, attributes: Attributes, trace_id: str) -> Finding | None:
        if attributes.get(semconv.SPAN_KIND) != "TOOL":
            return None
        tool = str(attributes.get(semconv.TOOL_NAME) or span.name)
        given = str(attributes.get(semconv.INPUT_VALUE, ""))
        key = hashlib.blake2b(f"{tool}\0{given}".encode("utf-8", "replace"), digest_size=8).digest()
        counts = self._state(trace_id, {})
        counts[key] = count = counts.get(key, 0) + 1
        if count < self._times:
            return None
        return self._finding(
            span,
            f"{tool} was called {count} times with the same input",
            "An identical call gives an identical answer: the run goes round in a circle.",
            Fix(summary="Answer a repeated call from memory, and say so.", where="harness"),
            given[:200],
            count,
        )


class ErrorStorm(_Watch[list[int]]):
    """*errors* spans of one trace ended in error within *within_s* seconds."""

    name = "error-storm"

    def __init__(self, errors: int = 5, within_s: float = 60, *, stop: bool = False) -> None:
        super().__init__(stop=stop)
        self._errors = _positive("errors", errors)
        self._within_ns = int(_positive("within_s", within_s) * _NS)

    def _look(self, span: ReadableSpan, attributes: Attributes, trace_id: str) -> Finding | None:
        if span.status.status_code.name != "ERROR":
            return None
        ended = span.end_time or 0
        recent = self._state(trace_id, [])
        recent.append(ended)
        recent[:] = [moment for moment in recent if moment > ended - self._within_ns]
        if len(recent) < self._errors:
            return None
        seconds = self._within_ns / _NS
        return self._finding(
            span,
            f"{len(recent)} steps of one run failed within {seconds:g} s",
            "Errors follow each other faster than the run can recover from them.",
            Fix(summary="Stop and report instead of going on.", where="harness"),
            (span.status.description or "")[:200],
            len(recent),
        )


class Budget(_Watch[dict[str, float]]):
    """A trace, or a session, used more than *tokens* tokens or *usd* dollars.

    Dollars need genai-prices (the extra [prices]) and count only models it knows.
    """

    name = "budget"
    category = "cost"

    def __init__(
        self,
        *,
        tokens: int | None = None,
        usd: float | None = None,
        per_session: bool = False,
        stop: bool = False,
    ) -> None:
        super().__init__(stop=stop)
        if tokens is None and usd is None:
            raise ConfigError("A budget needs tokens= or usd=.")
        self._tokens = tokens
        self._usd = usd
        self._per_session = per_session
        self._prices = _prices() if usd is not None else None

    def _look(self, span: ReadableSpan, attributes: Attributes, trace_id: str) -> Finding | None:
        used = attributes.get(semconv.LLM_TOKENS_TOTAL)
        if not isinstance(used, int):
            return None
        session = attributes.get(semconv.SESSION_ID) if self._per_session else None
        spent = self._state(f"session {session}" if session else trace_id, {"tokens": 0, "usd": 0})
        spent["tokens"] += used
        spent["usd"] += self._price(attributes)
        over_tokens = self._tokens is not None and spent["tokens"] > self._tokens
        over_usd = self._usd is not None and spent["usd"] > self._usd
        if not over_tokens and not over_usd:
            return None
        what = f"session {session}" if session else "a run"
        limit = f"{self._tokens:,} tokens" if over_tokens else f"${self._usd:g}"
        return self._finding(
            span,
            f"{what} has used more than its budget of {limit}",
            f"{int(spent['tokens']):,} tokens so far, ${spent['usd']:.4f} where prices are known.",
            Fix(summary="End the run with what is known, or raise the budget.", where="harness"),
        )

    def _price(self, attributes: Attributes) -> float:
        if isinstance(known := attributes.get(semconv.LLM_COST_TOTAL), int | float):
            return float(known)
        if self._prices is None:
            return 0.0
        usage = self._prices.Usage(
            input_tokens=attributes.get(semconv.LLM_TOKENS_PROMPT),
            output_tokens=attributes.get(semconv.LLM_TOKENS_COMPLETION),
        )
        try:
            model = str(attributes.get(semconv.LLM_MODEL_NAME))
            return float(self._prices.calc_price(usage, model).total_price)
        except LookupError:  # a model without a known price
            return 0.0


class TurnLimit(_Watch[list[int]]):
    """One trace made *near* of its *turns* model calls, or all of them."""

    name = "turn-limit"

    def __init__(self, turns: int, *, near: float = 0.8, stop: bool = False) -> None:
        super().__init__(stop=stop)
        self._turns = _positive("turns", turns)
        self._at = max(1, round(turns * near))

    def _look(self, span: ReadableSpan, attributes: Attributes, trace_id: str) -> Finding | None:
        if attributes.get(semconv.SPAN_KIND) != "LLM":
            return None
        calls = self._state(trace_id, [0])
        calls[0] += 1
        if calls[0] < self._at:
            return None
        return self._finding(
            span,
            f"A run has made {calls[0]} of its {self._turns} model calls",
            "It may be stopped before it answers.",
            Fix(summary="Tell the model to finish with what it knows.", where="prompt"),
            count=calls[0],
        )


class UnofferedTool(_Watch[None]):
    """The model called a tool it was not offered."""

    name = "unoffered-tool"
    category = "tools"

    def _look(self, span: ReadableSpan, attributes: Attributes, trace_id: str) -> Finding | None:
        called = _names(attributes.get(semconv.LLM_OUTPUT_MESSAGES), _called)
        offered = _names(attributes.get(semconv.LLM_TOOLS), _offered)
        unknown = [name for name in called if name not in offered]
        if not unknown:
            return None
        return self._finding(
            span,
            f"The model called {unknown[0]}, which it was not offered",
            f"It was offered {', '.join(sorted(offered)) or 'no tool'}.",
            Fix(summary=f"Offer {unknown[0]}, or take its name out of the prompt.", where="prompt"),
            unknown[0],
            len(unknown),
        )


def _names(text: Any, of: Any) -> list[str]:
    if not isinstance(text, str):
        return []
    try:
        items: Any = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return []
    entries = cast("list[Any]", items) if isinstance(items, list) else []
    return [str(name) for entry in entries if isinstance(entry, dict) for name in of(entry) if name]


def _called(message: dict[str, Any]) -> Iterable[Any]:
    calls: Any = message.get("tool_calls")
    for call in cast("list[Any]", calls) if isinstance(calls, list) else []:
        yield _object(_object(call).get("function")).get("name")


def _offered(tool: dict[str, Any]) -> Iterable[Any]:
    function = _object(tool.get("function"))
    yield function.get("name") or tool.get("name")


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _room(kept: dict[str, Any]) -> None:
    while len(kept) >= _MOST:
        kept.pop(next(iter(kept)), None)


def _positive(name: str, value: Any) -> Any:
    if not isinstance(value, int | float) or value <= 0:
        raise ConfigError(f"{name} is a number above 0, not {value!r}.")
    return value


def _prices() -> Any:
    try:
        return importlib.import_module("genai_prices")
    except ImportError as error:
        raise MissingExtra("prices", "A budget in dollars") from error
