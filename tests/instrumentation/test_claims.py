from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import context as otel
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import (
    Answer,
    Claim,
    ClaimProcessor,
    ModelCall,
    Request,
    Usage,
    current_claim,
    open_claim,
)
from catalyst_sdk.instrumentation.testing import SpanCollector, attributes_of

USED = Answer(usage=Usage(prompt=10, completion=5))


def _nested(depth: int) -> list[Claim]:
    claims, context = [], otel.get_current()
    for _ in range(depth):
        claim, context = open_claim(context)
        claims.append(claim)
    return claims


def test_the_innermost_span_with_usage_bills() -> None:
    outer, middle, inner = _nested(3)
    assert inner.may_write_tokens()
    assert not middle.may_write_tokens()
    assert not outer.may_write_tokens()


def test_an_outer_span_bills_when_none_below_has_usage() -> None:
    outer, inner = _nested(2)
    assert outer.inner == 1
    assert inner.inner == 0
    assert outer.may_write_tokens()


def test_a_late_inner_span_stays_silent() -> None:
    outer, inner = _nested(2)
    assert outer.may_write_tokens()
    assert not inner.may_write_tokens()


def test_siblings_bill_each_their_own() -> None:
    parent, context = open_claim(otel.get_current())
    first, _ = open_claim(context)
    second, _ = open_claim(context)
    assert first.may_write_tokens()
    assert second.may_write_tokens()
    assert not parent.may_write_tokens()
    assert parent.inner == 2


def test_an_answer_out_of_a_cache_is_not_billed_again() -> None:
    (claim,) = _nested(1)
    claim.cached = True
    assert not claim.may_write_tokens()


def test_a_call_opens_its_claim_below_the_one_around_it(spans: SpanCollector) -> None:
    tracer = spans.provider.get_tracer("catalyst_integrations.test")
    outer = ModelCall(tracer, Request(operation="chat"))
    token = otel.attach(outer.context)
    inner = ModelCall(tracer, Request(operation="chat"))
    assert current_claim() is outer.claim
    otel.detach(token)
    inner.finish(USED)
    outer.finish(USED)
    billed = [attributes_of(s).get(semconv.LLM_TOKENS_TOTAL) for s in spans.settled()]
    assert billed == [15, None]


@pytest.mark.parametrize(
    "attributes",
    [{"gen_ai.operation.name": "chat"}, {semconv.SPAN_KIND: "LLM"}],
    ids=["GenAI", "OpenInference"],
)
@pytest.mark.parametrize("usage", ["gen_ai.usage.input_tokens", "llm.token_count.prompt", None])
def test_a_foreign_model_span_with_usage_settles_the_claim_above(
    spans: SpanCollector, attributes: Any, usage: str | None
) -> None:
    ours = ModelCall(spans.provider.get_tracer("catalyst_integrations.x"), Request(operation="c"))
    token = otel.attach(ours.context)
    foreign = spans.provider.get_tracer("com.anthropic.sdk.python")
    with foreign.start_as_current_span("chat", attributes=attributes) as span:
        if usage:
            span.set_attribute(usage, 10)
    otel.detach(token)
    assert ours.claim.inner == 1
    ours.finish(USED)
    billed = attributes_of(spans.settled()[-1]).get(semconv.LLM_TOKENS_TOTAL)
    assert billed == (None if usage else 15)


def test_other_foreign_spans_claim_nothing(spans: SpanCollector) -> None:
    ours = ModelCall(spans.provider.get_tracer("catalyst_integrations.x"), Request(operation="c"))
    token = otel.attach(ours.context)
    spans.provider.get_tracer("httpx").start_span("POST").end()
    otel.detach(token)
    assert ours.claim.inner == 0


def test_foreign_spans_never_ended_are_not_kept_for_ever() -> None:
    processor = ClaimProcessor()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(processor)
    tracer = provider.get_tracer("foreign")
    _, context = open_claim(otel.get_current())
    for _ in range(20_000):
        tracer.start_span("chat", context, attributes={"gen_ai.operation.name": "chat"})
    assert len(processor._open) <= 10_000


def test_without_a_span_around_it_a_call_is_a_root(spans: SpanCollector) -> None:
    ModelCall(spans.provider.get_tracer("x"), Request(operation="chat")).finish()
    assert spans.only().parent is None
    assert trace.get_current_span() is trace.INVALID_SPAN
