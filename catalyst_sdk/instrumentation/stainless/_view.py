"""Decoded JSON behind the same attribute reads as the SDK's objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalyst_sdk.instrumentation.llm import as_list, as_object


class View:
    """A JSON object whose members are attributes; absent ones are None."""

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    def __getattr__(self, name: str) -> Any:
        return view(self._members.get(name))

    @property
    def __pydantic_extra__(self) -> Mapping[str, Any]:
        return self._members

    def model_dump(self, **_options: Any) -> Mapping[str, Any]:
        """The JSON object itself, as pydantic would return it."""
        return self._members


def view(value: Any) -> Any:
    """Make members of *value* attributes where it is a JSON object, or a list of them."""
    if isinstance(value, Mapping):
        return View(as_object(value))
    if isinstance(value, list):
        return [view(item) for item in as_list(value)]
    return value


def member(value: Any, name: str) -> Any:
    """A member that may be absent, or unknown to this version of the SDK and so left as JSON."""
    return view(getattr(value, name, None))
