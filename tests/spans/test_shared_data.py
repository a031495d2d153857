"""Real agent runs, where they are at hand: what a person sees in them, the facts must say."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import pytest

from catalyst_sdk.errors import BadLine
from catalyst_sdk.spans import (
    Span,
    SpanFacts,
    decode_span,
    encode_span,
    facts,
    messages,
    open_stream,
    read_spans,
    scan_facts,
)


def read(path: Path) -> list[tuple[Span, SpanFacts]]:
    bad: list[BadLine] = []
    spans = list(read_spans(path, on_bad_line=bad.append))
    assert not bad
    return [(span, facts(span)) for span in spans]


@pytest.fixture(scope="module")
def airline(shared_traces: Path) -> list[tuple[Span, SpanFacts]]:
    return read(shared_traces / "tau_airline_50.jsonl.gz")


@pytest.fixture(scope="module")
def helper(shared_traces: Path) -> list[tuple[Span, SpanFacts]]:
    return read(shared_traces / "openai_agents_realistic.jsonl.gz")


def test_every_span_survives_writing_and_reading(shared_traces: Path) -> None:
    for span in read_spans(str(shared_traces / "*.jsonl.gz")):
        assert decode_span(encode_span(span)) == span


def test_the_fast_pass_gives_what_reading_each_span_gives(shared_traces: Path) -> None:
    for path in sorted(shared_traces.glob("*.jsonl.gz")):
        with open_stream(str(path)) as stream:
            data = stream.read()
        rows = list(scan_facts(io.BytesIO(data), 3))
        for row, (span, expected) in zip(rows, read(path), strict=True):
            line = data[row.line_offset : row.line_offset + row.line_length]
            assert decode_span(line) == span
            assert row.source == 3
            row.source = row.line_offset = row.line_length = 0
            assert row == expected


def test_the_airline_runs_read_as_conversations(airline: list[tuple[Span, SpanFacts]]) -> None:
    kinds = Counter(row.kind for _, row in airline)
    assert kinds == {"LLM": 642, "TOOL": 282, "AGENT": 50}
    for span, row in airline:
        assert row.agent_id == "tau-airline"
        assert row.session_id.startswith("tau-airline-")
        if row.kind != "LLM":
            continue
        said = messages(span)
        assert (row.model, row.provider) == ("gpt-4o", "openai")
        assert row.message_count == len(said.input_messages) > 1
        assert row.system_hash
        assert row.has_usage
        assert row.input_preview
        assert row.output_preview
        assert "{" not in row.input_preview[:1]
        assert row.tools_called == [c.name for m in said.output_messages for c in m.tool_calls]
    assert sum(len(row.tools_called) for _, row in airline) >= 282
    assert {row.handoff_target for _, row in airline} == {"", "human_agents"}


def test_the_airline_tools_fail_for_a_dozen_reasons(airline: list[tuple[Span, SpanFacts]]) -> None:
    causes = Counter(row.error_signature for _, row in airline if row.status == "ERROR")
    assert sum(causes.values()) == 17
    assert causes.most_common(1) == [("Error: flight <n> not available on date <time>", 6)]
    assert not any(row.soft_error for _, row in airline)


def test_the_code_helper_is_named_on_its_agent_span_and_turns(
    helper: list[tuple[Span, SpanFacts]],
) -> None:
    named = Counter((row.kind, row.agent_name) for _, row in helper)
    assert named[("AGENT", "HaloCodeHelper")] == 3
    assert named[("CHAIN", "HaloCodeHelper")] == 18
    assert all(len(span.span_id) == 24 for span, _ in helper)
    for _, row in helper:
        if row.kind == "AGENT":
            assert row.tools_offered == ["list_files", "read_file", "grep"]
        if row.kind == "LLM":
            assert row.prompt_tokens
            assert not row.output_empty, "its content was never captured"
        if row.status == "ERROR":
            assert "No such file or directory" in row.error_signature
