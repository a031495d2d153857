from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("genai_prices")

import catalyst_sdk
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import (
    Answer,
    ModelCall,
    Pricing,
    Request,
    Usage,
)

cost_attributes = Pricing()
SPENT: dict[str, Any] = {
    semconv.LLM_MODEL_NAME: "gpt-4o-mini-2024-07-18",
    semconv.LLM_PROVIDER: "openai",
    semconv.LLM_TOKENS_PROMPT: 1000,
    semconv.LLM_TOKENS_COMPLETION: 100,
}


def test_tokens_have_a_price() -> None:
    cost = cost_attributes(SPENT)
    assert cost[semconv.LLM_COST_TOTAL] == pytest.approx(0.00021)
    assert cost[semconv.LLM_COST_PROMPT] == pytest.approx(0.00015)
    assert cost[semconv.LLM_COST_COMPLETION] == pytest.approx(0.00006)


def test_cached_tokens_are_cheaper() -> None:
    cached = cost_attributes({**SPENT, semconv.LLM_TOKENS_CACHE_READ: 1000})
    assert cached[semconv.LLM_COST_PROMPT] < cost_attributes(SPENT)[semconv.LLM_COST_PROMPT]


@pytest.mark.parametrize("provider", ["azure", "openrouter.ai"])
def test_other_providers_have_prices_of_their_own(provider: str) -> None:
    model = "openai/gpt-4o-mini" if "." in provider else "gpt-4o-mini"
    spent = {**SPENT, semconv.LLM_PROVIDER: provider, semconv.LLM_MODEL_NAME: model}
    assert cost_attributes(spent)[semconv.LLM_COST_TOTAL] > 0


@pytest.mark.parametrize(
    "unknown",
    [
        {semconv.LLM_PROVIDER: "127.0.0.1"},
        {semconv.LLM_MODEL_NAME: "my-own-model"},
        {semconv.LLM_PROVIDER: "nobody"},
        {semconv.LLM_COST_TOTAL: 1.0},
    ],
    ids=["local", "own model", "unknown provider", "priced already"],
)
def test_what_is_not_known_is_not_invented(unknown: dict[str, Any]) -> None:
    assert cost_attributes({**SPENT, **unknown}) == {}
    assert cost_attributes({"http.method": "GET"}) == {}


def test_without_the_prices_there_is_no_cost_and_one_try() -> None:
    tried: list[str] = []

    def load(name: str) -> Any:
        tried.append(name)
        raise ImportError(name)

    pricing = Pricing(load)
    assert [pricing(SPENT), pricing(SPENT)] == [{}, {}]
    assert tried == ["genai_prices"]


def test_exported_spans_have_their_cost(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    with catalyst_sdk.init(file=path, set_global=False, instrument=False) as handle:
        tracer = handle.provider.get_tracer("catalyst_integrations.test")
        request = Request(operation="chat", model="gpt-4o-mini", provider="openai")
        ModelCall(tracer, request).finish(Answer(usage=Usage(prompt=1000, completion=100)))
        tracer.start_span("other").end()
    model, other = (json.loads(line)["attributes"] for line in path.read_text().splitlines())
    assert model[semconv.LLM_COST_TOTAL] == pytest.approx(0.00021)
    assert semconv.LLM_COST_TOTAL not in other
