"""What a model is asked, as the library tells it: messages or prompt, parameters, tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.langchain_callbacks._messages import message_object
from catalyst_sdk.instrumentation.llm import Request, as_list, as_object, to_json

_MODELS = ("model_name", "model", "model_id", "deployment_name", "azure_deployment")
_TOOLS = ("tools", "functions")
_NOT_PARAMETERS = frozenset(
    {*_MODELS, *_TOOLS, "_type", "messages", "prompt", "default_headers", "extra_headers"}
)


class ModelRequest:
    """What is known when the run starts; read when it ends, by then it may not be needed."""

    __slots__ = ("_asked", "_parameters", "_told")

    def __init__(
        self, asked: Sequence[Any], parameters: Mapping[str, Any], told: Mapping[str, Any]
    ) -> None:
        self._asked = asked
        """Messages, or prompts of a completion model."""
        self._parameters = parameters
        self._told = told
        """The run's metadata, in which models say what they are."""

    def fill(self, request: Request) -> None:
        """Write it into *request*."""
        request.model = self._model()
        request.provider = self._text("ls_provider")
        details = request.details
        details[semconv.LLM_INVOCATION_PARAMETERS] = self._parameters_json()
        if request.capture_content:
            details[semconv.LLM_TOOLS] = self._tools()
            details[semconv.LLM_INPUT_MESSAGES] = to_json([_message(item) for item in self._asked])

    def _model(self) -> str | None:
        for name in _MODELS:
            value = self._parameters.get(name)
            if isinstance(value, str) and value:
                return value
        return self._text("ls_model_name")

    def _text(self, name: str) -> str | None:
        value = self._told.get(name)
        return value if isinstance(value, str) and value else None

    def _parameters_json(self) -> str | None:
        given = {
            name: value
            for name, value in self._parameters.items()
            if value is not None and name not in _NOT_PARAMETERS and not _is_secret(name)
        }
        return to_json(given) if given else None

    def _tools(self) -> str | None:
        for name in _TOOLS:
            if tools := as_list(self._parameters.get(name)):
                return to_json([_tool(tool) for tool in tools])
        return None


def _message(item: Any) -> dict[str, Any]:
    return {"role": "user", "content": item} if isinstance(item, str) else message_object(item)


def _tool(tool: Any) -> Any:
    if isinstance(tool, Mapping):
        return as_object(tool)
    name = getattr(tool, "name", None) or getattr(tool, "__name__", None) or type(tool).__name__
    return {"name": name, "description": getattr(tool, "description", None)}


def _is_secret(name: str) -> bool:
    return "api_key" in name or "secret" in name or "password" in name
