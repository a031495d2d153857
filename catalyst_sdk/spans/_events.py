"""Messages recorded as span events (older GenAI conventions), or as Logfire's `events` list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from catalyst_sdk.spans._json import Json, objects, parsed

_PREFIX, _SUFFIX = "gen_ai.", ".message"
_CHOICE = "gen_ai.choice"
_DETAILS = "gen_ai.client.inference.operation.details"
_WHOLE = {
    "gen_ai.content.prompt": ("gen_ai.prompt", "input"),
    "gen_ai.content.completion": ("gen_ai.completion", "output"),
}


class AnyEvent(Protocol):
    """An event as read or as decoded from a line."""

    @property
    def name(self) -> str:
        """What happened."""
        ...

    @property
    def attributes(self) -> Mapping[str, Any] | None:
        """With what."""
        ...


def recorded(events: Iterable[AnyEvent], attribute: Json = None) -> tuple[list[Any], list[Any]]:
    """Give (input, output) message objects that events, or Logfire's attribute, hold."""
    sides: dict[str, list[Any]] = {"input": [], "output": []}
    for event in events:
        _take(sides, event.name, dict(event.attributes or {}))
    for body in objects(parsed(attribute)):
        _take(sides, str(body.get("event.name", "")), body)
    return sides["input"], sides["output"]


def _take(sides: dict[str, list[Any]], name: str, body: dict[str, Any]) -> None:
    if not name.startswith(_PREFIX):
        return
    if name in _WHOLE:
        key, side = _WHOLE[name]
        _extend(sides[side], body.get(key))
    elif name == _DETAILS:
        _extend(sides["input"], body.get("gen_ai.input.messages"))
        _extend(sides["output"], body.get("gen_ai.output.messages"))
    elif name == _CHOICE:
        sides["output"].append(_choice(_body(body)))
    elif name.endswith(_SUFFIX):
        sides["input"].append(_message(name, _body(body)))


def _extend(side: list[Any], value: Json) -> None:
    value = parsed(value)
    if isinstance(value, list):
        side.extend(value)
    elif value:
        side.append(value)


def _body(body: dict[str, Any]) -> dict[str, Any]:
    for key in ("gen_ai.event.content", "event_body"):
        inner = parsed(body.get(key))
        if isinstance(inner, dict):
            return inner
    return body


def _message(name: str, body: dict[str, Any]) -> dict[str, Any]:
    said = {key: parsed(body[key]) for key in ("content", "tool_calls") if key in body}
    role = body.get("role") or name[len(_PREFIX) : -len(_SUFFIX)]
    if body.get("id"):
        said["tool_call_id"] = body["id"]
    return {"role": role, **said}


def _choice(body: dict[str, Any]) -> dict[str, Any]:
    message = parsed(body.get("message"))
    said: dict[str, Any] = message if isinstance(message, dict) else {"content": message}
    if message is None:
        said = {key: parsed(body[key]) for key in ("content", "tool_calls") if key in body}
    finish = body.get("finish_reason")
    return {"role": "assistant", **said, **({"finish_reason": finish} if finish else {})}
