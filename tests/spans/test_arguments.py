"""Tool calls against the schema they were offered with."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from catalyst_sdk.spans import Span, facts
from catalyst_sdk.spans._arguments import broken_argument

SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer"},
        "unit": {"type": "string", "enum": ["C", "F"]},
        "ratio": {"type": ["number", "null"]},
        "where": {"$ref": "#/$defs/Place"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "when": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["city"],
    "additionalProperties": False,
    "$defs": {"Place": {"type": "object", "properties": {"lat": {"type": "number"}}}},
}


@pytest.mark.parametrize(
    "arguments",
    [
        '{"city": "Rome"}',
        '{"city": "Rome", "days": 3, "unit": "C", "ratio": null, "when": null}',
        '{"city": "Rome", "days": 3.0, "where": {"lat": 1}, "tags": ["a"]}',
    ],
)
def test_a_call_that_keeps_to_the_schema_is_fine(arguments: str) -> None:
    assert broken_argument(arguments, SCHEMA) == ""


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("{}", "city is missing"),
        ("", "city is missing"),
        ('{"city": "Rome"', "arguments are not JSON"),
        ('["Rome"]', "arguments are not an object"),
        ('{"city": 3}', "city is integer, not string"),
        ('{"city": "Rome", "days": "3"}', "days is string, not integer"),
        ('{"city": "Rome", "days": true}', "days is boolean, not integer"),
        ('{"city": "Rome", "unit": "K"}', "unit is not one of the values allowed"),
        ('{"city": "Rome", "when": 3}', "when is integer, not string"),
        ('{"city": "Rome", "tags": ["a", 1]}', "tags[] is integer, not string"),
        ('{"city": "Rome", "where": {"lat": "x"}}', "where.lat is string, not number"),
        ('{"city": "Rome", "zip": 1}', "zip is not an argument it has"),
    ],
)
def test_a_call_that_breaks_the_schema_says_how(arguments: str, reason: str) -> None:
    assert broken_argument(arguments, SCHEMA) == reason


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"properties": None, "required": None},
        {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}},
        {"properties": {"city": {"$ref": "#/$defs/None"}}},
        {"properties": {"city": {"$ref": "#/properties/city"}}},
        {"properties": {"city": {"type": "made-up"}}},
        {"required": [1, None]},
    ],
)
def test_a_schema_that_says_little_or_nonsense_breaks_nothing(schema: dict[str, object]) -> None:
    assert broken_argument('{"city": "Rome"}', schema) == ""


def test_the_first_call_of_an_answer_is_checked(make_span: Callable[..., Span]) -> None:
    tool = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}

    def row(arguments: str, name: str = "weather") -> str:
        call = {"id": "1", "function": {"name": name, "arguments": arguments}}
        answer = [{"role": "assistant", "tool_calls": [call]}]
        return facts(
            make_span(
                {
                    "openinference.span.kind": "LLM",
                    "llm.tools": json.dumps([tool]),
                    "llm.output_messages": json.dumps(answer),
                }
            )
        ).bad_call

    assert row('{"city": "Rome"}') == ""
    assert row("{}") == "weather: city is missing"
    assert row("{}", name="never_offered") == ""
