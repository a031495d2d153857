"""What a model answered, out of an `LLMResult` or a `ChatResult`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalyst_sdk.instrumentation.langchain_callbacks._messages import message_object
from catalyst_sdk.instrumentation.llm import Answer, Usage, as_list, as_object

_REASONS = ("finish_reason", "stop_reason", "done_reason")
_OWN_IDS = ("run-", "run--", "lc_run-")
"""How LangChain begins the ids it gives itself."""


def answer_of(result: Any) -> Answer:
    """Read the answer to one prompt."""
    generations = list(_generations(result))
    told = as_object(getattr(result, "llm_output", None))
    said = [_details(generation) for generation in generations]
    return Answer(
        id=_first(said, ("id",)) or _text(told, ("id",)) or _message_id(generations),
        model=_first(said, ("model_name", "model")) or _text(told, ("model_name", "model")),
        messages=[_message(generation) for generation in generations],
        finish_reason=_first(said, _REASONS),
        usage=_usage(generations, told),
    )


def is_from_cache(result: Any) -> bool:
    """Tell whether the library says that this answer cost nothing: it had it already."""
    return any(_metadata(g).get("total_cost") == 0 for g in _generations(result))


def _generations(result: Any) -> Iterator[Any]:
    """The candidates; of partial results some lists are empty."""
    for item in as_list(getattr(result, "generations", None)):
        if isinstance(item, list):
            yield from item  # pyright: ignore[reportUnknownVariableType]
        else:
            yield item


def _message(generation: Any) -> dict[str, Any]:
    message = getattr(generation, "message", None)
    if message is not None:
        return message_object(message)
    return {"role": "assistant", "content": getattr(generation, "text", None)}


def _details(generation: Any) -> Mapping[str, Any]:
    message = getattr(generation, "message", None)
    return {
        **as_object(getattr(generation, "generation_info", None)),
        **as_object(getattr(message, "response_metadata", None)),
    }


def _first(said: list[Mapping[str, Any]], names: tuple[str, ...]) -> str | None:
    return next((text for details in said if (text := _text(details, names))), None)


def _text(details: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = details.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def _message_id(generations: list[Any]) -> str | None:
    for generation in generations:
        identifier = getattr(getattr(generation, "message", None), "id", None)
        if isinstance(identifier, str) and not identifier.startswith(_OWN_IDS):
            return identifier
    return None


def _metadata(generation: Any) -> Mapping[str, Any]:
    return as_object(getattr(getattr(generation, "message", None), "usage_metadata", None))


def _usage(generations: list[Any], told: Mapping[str, Any]) -> Usage | None:
    """The tokens of the request: candidates repeat them, so only the first one's count."""
    for generation in generations:
        if metadata := _metadata(generation):
            return _standard_usage(metadata)
    for name in ("token_usage", "usage"):
        if usage := as_object(told.get(name)):
            return _provider_usage(usage)
    return None


def _standard_usage(told: Mapping[str, Any]) -> Usage:
    prompt = as_object(told.get("input_token_details"))
    completion = as_object(told.get("output_token_details"))
    return Usage(
        prompt=_count(told, "input_tokens"),
        completion=_count(told, "output_tokens"),
        total=_count(told, "total_tokens"),
        cache_read=_count(prompt, "cache_read"),
        cache_write=_count(prompt, "cache_creation"),
        prompt_audio=_count(prompt, "audio"),
        reasoning=_count(completion, "reasoning"),
        completion_audio=_count(completion, "audio"),
    )


def _provider_usage(told: Mapping[str, Any]) -> Usage:
    """A provider's own words: OpenAI's, or Anthropic's, whose input leaves cached tokens out."""
    if "input_tokens" not in told:
        return Usage(
            prompt=_count(told, "prompt_tokens"),
            completion=_count(told, "completion_tokens"),
            total=_count(told, "total_tokens"),
        )
    read, written = (
        _count(told, "cache_read_input_tokens"),
        _count(told, "cache_creation_input_tokens"),
    )
    return Usage(
        prompt=(_count(told, "input_tokens") or 0) + (read or 0) + (written or 0),
        completion=_count(told, "output_tokens"),
        cache_read=read,
        cache_write=written,
    )


def _count(told: Mapping[str, Any], name: str) -> int | None:
    value = told.get(name)
    return value if isinstance(value, int) else None
