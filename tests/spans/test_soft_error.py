"""Errors hidden in outputs: what reports a failure fires, what mentions one does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from catalyst_sdk.spans import Span, facts
from catalyst_sdk.spans._soft_error import soft_error

TRACEBACK = """Traceback (most recent call last):
  File "/app/tools.py", line 12, in run
    raise KeyError('city')
KeyError: 'city'"""

FAILURES = {
    '{"success": false, "message": "seat taken"}': "seat taken",
    '{"success": false}': "success=false",
    '{"ok": "false", "reason": "locked"}': "locked",
    '{"error": "not found"}': "not found",
    '{"error": {"code": 404, "message": "no such order"}, "data": null}': "no such order",
    '{"error": true, "message": "boom"}': "boom",
    '{"errors": [{"message": "field x unknown"}], "data": {}}': "field x unknown",
    '{"status": 503, "body": "try later"}': "HTTP 503",
    '{"status_code": 429, "message": "slow down"}': "HTTP 429: slow down",
    '{"code": "500", "message": "internal"}': "HTTP 500: internal",
    '{"status": "error", "message": "bad date"}': "bad date",
    '{"status": "failed", "reason": "declined"}': "declined",
    '{"isError": true, "content": [{"type": "text", "text": "no access"}]}': "no access",
    '{"traceback": "Traceback…\\nValueError: x"}': "ValueError: x",
    '[{"type": "text", "text": "Error: no such table"}]': "Error: no such table",
    "{'success': False, 'error': 'flight is full'}": "flight is full",
    "{'error': 'flight is full'}": "flight is full",
    "Error: payment declined": "Error: payment declined",
    '"Error: payment declined"': "Error: payment declined",
    "ERROR - payment declined\nmore": "ERROR - payment declined",
    "ValueError: bad literal": "ValueError: bad literal",
    "requests.exceptions.ReadTimeout: no answer in 30 s": (
        "requests.exceptions.ReadTimeout: no answer in 30 s"
    ),
    "An error occurred while running the tool. Please try again.": (
        "An error occurred while running the tool. Please try again."
    ),
    "Error executing tool search: timeout": "Error executing tool search: timeout",
    "Failed to fetch https://x.y": "Failed to fetch https://x.y",
    "Tool 'lookup' not found": "Tool 'lookup' not found",
    "HTTP 404: nothing here": "HTTP 404: nothing here",
    "503 Service Unavailable": "503 Service Unavailable",
    "Request failed with status code 500": "Request failed with status code 500",
    "Permission denied": "Permission denied",
    TRACEBACK: "KeyError: 'city'",
    "Error while running:\n" + TRACEBACK: "KeyError: 'city'",
}

HARMLESS = [
    "",
    "{}",
    "[]",
    '{"success": true, "error": null, "errors": []}',
    '{"error": ""}',
    '{"error": "none"}',
    '{"errors": 3, "warnings": 5}',
    '{"status": "failed"}',
    '{"status": "completed", "message": "no errors found"}',
    '{"code": 404}',
    '{"status": 200, "message": "fine"}',
    '{"status": "error_free"}',
    '{"title": "Error handling in Go", "error_rate": 0.2}',
    '{"results": [{"error": "inside a list of results"}]}',
    '[{"name": "ErrorBoundary.tsx"}, {"name": "error.log"}]',
    "Error handling in Python is done with try and except.",
    "Errors are values. This article explains why.",
    "The error rate fell to 2 % after the fix.",
    "404 customers visited the shop.",
    "HTTP is a protocol; 404 is one of its codes.",
    "Exceptions to this rule are listed below.",
    "No errors. All 31 tests passed.",
    "Timeouts can be set per request. " * 40,
    "Here is the log:\n" + "x" * 500 + "\n" + TRACEBACK + "\nand then it went on",
    "def f():\n    raise ValueError('x')  # Error: never",
    "# Troubleshooting\n\nError: cannot connect\n\nCheck the cable.",
    "['./tracing.py', './errors.py']",
    "{'name': 'error', 'items': []}",
    "Failed to " + "explain in the long history of failures, many things went wrong. " * 20,
]


@pytest.mark.parametrize("output", FAILURES)
def test_a_failure_report_is_found(output: str) -> None:
    assert soft_error(output) == FAILURES[output]


@pytest.mark.parametrize("output", HARMLESS)
def test_the_mention_of_an_error_is_not_one(output: str) -> None:
    assert soft_error(output) == ""


def test_soft_errors_are_signatures_on_tools_that_say_they_are_fine(
    make_span: Callable[..., Span],
) -> None:
    tool = {"openinference.span.kind": "TOOL", "output.value": '{"error": "order 1234 not found"}'}
    assert facts(make_span(tool)).soft_error == "order <n> not found"
    assert facts(make_span(tool, status_code="OK")).soft_error == "order <n> not found"
    assert facts(make_span(tool, status_code="ERROR")).soft_error == ""
    agent = {**tool, "openinference.span.kind": "AGENT"}
    assert facts(make_span(agent)).soft_error == ""
