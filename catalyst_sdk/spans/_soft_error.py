"""Errors that hide in the output of a span whose status is fine.

Precision before recall: what fires is the shape of a failure report (a flag, an error field, a
status code, a traceback or an error word where the text begins), never the mention of one.
"""

from __future__ import annotations

import re

import msgspec

from catalyst_sdk.spans._json import Json, json_text, objects, pick

_SHORT = 600
_LONG = 8_000
_TRACEBACK = "Traceback (most recent call last)"

_NOT_ERRORS = frozenset(
    ("", "none", "null", "no", "ok", "false", "0", "n/a", "no error", "no errors", "success", "-")
)
_FAILED = frozenset(("error", "failed", "failure", "fail", "exception", "errored"))
_MESSAGE_KEYS = ("message", "error_message", "errorMessage", "reason", "detail", "details", "msg")

_MARKS = re.compile(r"\W{0,4}")
_BEGINS = re.compile(
    r"(?:"
    r"(?:fatal |internal |unexpected |server |system |tool |runtime |validation )?"
    r"(?:error|exception|failure)(?: \d{3})?\s*(?:[:!]|\(|-\s)"
    r"|(?:[A-Za-z_]\w*\.){0,5}[A-Z]\w{0,60}(?:Error|Exception|Timeout|Failure|Fault)\b\s*[:(]"
    r"|(?:an? )?(?:\w+ ){0,2}error (?:has )?(?:occurred|happened)\b"
    r"|error (?:executing|calling|running|invoking|while|during|fetching|reading|writing"
    r"|processing|parsing|performing|loading|connecting|code|in (?:tool|function))\b"
    r")",
    re.IGNORECASE,
)
_BEGINS_SHORT = re.compile(
    r"(?:"
    r"failed(?: to\b|:)|unable to\b|could(?: not|n't)\b|cannot\b|can't\b"
    r"|(?:tool|function|command|request|call|operation|query)\b[^.\n]{0,60}\b"
    r"(?:failed|timed out|not found|does not exist|is not available|was rejected)\b"
    r"|(?:timed out|timeout|permission denied|access denied|unauthorized|forbidden"
    r"|rate limit exceeded|too many requests|connection (?:refused|reset)|invalid (?:argument"
    r"|parameter|input|request|api key)s?)\b"
    r"|(?:no such (?:file|tool|function|table|column)|unknown (?:tool|function|command))\b"
    r")",
    re.IGNORECASE,
)
_HTTP = re.compile(
    r"(?:(?:http(?:/\d(?:\.\d)?)?|status(?: code)?|response)(?: error| status| code)*[ :=]+"
    r"[45]\d\d\b"
    r"|[45]\d\d (?:client|server) error\b"
    r"|[45]\d\d[ :-]+(?:bad request|unauthorized|payment required|forbidden|not found"
    r"|method not allowed|request timeout|conflict|gone|unprocessable|too many requests"
    r"|internal server error|bad gateway|service unavailable|gateway time-?out)\b"
    r"|[^.\n]{0,80}\b(?:failed|error)\b[^.\n]{0,60}\bstatus(?: code)?[ :=]+[45]\d\d\b)",
    re.IGNORECASE,
)
_PYTHON_DICT = re.compile(
    r"\{(?:[^{}]{0,300}, )?(?:'(?:success|ok)': (?P<flag>False)"
    r"|'error': (?P<error>'[^']{1,400}'|\"[^\"]{1,400}\"|True))"
)
_EXCEPTION_LINE = re.compile(r"(?:[A-Za-z_]\w*\.){0,8}[A-Z]\w*(?:: .*)?")


class _Outcome(msgspec.Struct, rename=None):
    """The fields of an output that can say it failed; all others are skipped unread."""

    success: Json = None
    ok: Json = None
    succeeded: Json = None
    error: Json = None
    errors: Json = None
    is_error: Json = None
    isError: Json = None  # noqa: N815 - as MCP spells it
    status: Json = None
    status_code: Json = None
    statusCode: Json = None  # noqa: N815 - as it is spelled
    http_status: Json = None
    code: Json = None
    type: Json = None
    traceback: Json = None
    exception: Json = None
    message: Json = None
    error_message: Json = None
    reason: Json = None
    detail: Json = None
    content: msgspec.Raw = msgspec.Raw(b"")


_NOTHING = _Outcome()
_decoder = msgspec.json.Decoder(_Outcome)


def soft_error(output: str) -> str:
    """Give the message of the error an output reports, "" when it reports none."""
    text = output.strip()
    if not text:
        return ""
    if text[0] == "{":
        found = _in_object(text)
        if found is not None:
            return found
        match = _PYTHON_DICT.match(text)
        if match:
            return (match["error"] or "success=False").strip("'\"")
    elif text[0] == "[" and text[-1] == "]":
        return _in_blocks(text) if text.startswith(('[{"type"', '[{"text"')) else ""
    elif text[0] == '"' and text[-1] == '"':
        text = text[1:-1]
    return _in_text(text)


def _in_object(text: str) -> str | None:
    try:
        outcome = _decoder.decode(text)
    except (ValueError, RecursionError):
        return None
    if outcome == _NOTHING:
        return ""
    fields = {name: getattr(outcome, name) for name in _Outcome.__struct_fields__}
    message = json_text(pick(fields, *_MESSAGE_KEYS[:2], "reason", "detail"))
    stated = _error_field(outcome.error) or _error_field(outcome.errors)
    if stated:
        return stated if stated != "true" or not message else message
    for name in ("exception", "traceback"):
        if isinstance(fields[name], str) and fields[name].strip():
            return fields[name].strip().splitlines()[-1]
    if any(_is_false(flag) for flag in (outcome.success, outcome.ok, outcome.succeeded)):
        return message or "success=false"
    if outcome.is_error is True or outcome.isError is True:
        return message or _in_blocks(bytes(outcome.content)) or "isError=true"
    return _in_status(outcome, message)


def _in_status(outcome: _Outcome, message: str) -> str:
    for code in (outcome.status_code, outcome.statusCode, outcome.http_status, outcome.status):
        if _http_error(code):
            return f"HTTP {code}: {message}" if message else f"HTTP {code}"
    if message and _http_error(outcome.code):
        return f"HTTP {outcome.code}: {message}"
    for word in (outcome.status, outcome.type):
        said = word.lower() if isinstance(word, str) else ""
        if said == "error" or (said in _FAILED and message):
            return message or "status=error"
    return ""


def _error_field(value: Json) -> str:
    if isinstance(value, str):
        return "" if value.strip().lower() in _NOT_ERRORS else value
    if value is True:
        return "true"
    if isinstance(value, dict) and value:
        return json_text(pick(value, *_MESSAGE_KEYS, "type", "code") or value)
    if isinstance(value, list) and value:
        first: Json = value[0]
        if isinstance(first, dict):
            return json_text(pick(first, *_MESSAGE_KEYS) or first)
        return first if isinstance(first, str) else ""
    return ""


def _is_false(flag: Json) -> bool:
    return flag is False or (isinstance(flag, str) and flag.lower() == "false")


def _http_error(code: Json) -> bool:
    if isinstance(code, str) and len(code) == 3 and code.isascii() and code.isdecimal():
        code = int(code)
    return isinstance(code, int) and not isinstance(code, bool) and 400 <= code <= 599


def _in_blocks(text: str | bytes) -> str:
    """Look into a list of one content block, as MCP tools answer."""
    try:
        blocks = objects(msgspec.json.decode(text))
    except (ValueError, RecursionError):
        return ""
    if len(blocks) != 1 or not isinstance(blocks[0].get("text"), str):
        return ""
    words: str = blocks[0]["text"].strip()
    return words if isinstance(text, bytes) else soft_error(words) if words[:1] != "[" else ""


def _in_text(text: str) -> str:
    lead = text[:400]
    if _TRACEBACK in lead and len(text) < 4 * _LONG:
        last = text.rsplit("\n", 1)[-1].strip()
        if _EXCEPTION_LINE.fullmatch(last[:400]):
            return last
    if len(text) > _LONG:
        return ""
    marks = _MARKS.match(lead)
    start = marks.end() if marks else 0
    patterns = (_BEGINS,) if len(text) > _SHORT else (_BEGINS, _BEGINS_SHORT, _HTTP)
    found = any(pattern.match(lead, start) for pattern in patterns)
    return _first_line(text) if found else ""


def _first_line(text: str) -> str:
    return text.lstrip().split("\n", 1)[0]
