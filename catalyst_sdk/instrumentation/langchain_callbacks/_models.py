"""The methods in which a model works: its span is current there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from catalyst_sdk.hooks import check_stop
from catalyst_sdk.instrumentation._current import attach, detach
from catalyst_sdk.instrumentation._patch import Patch, Wrapper
from catalyst_sdk.instrumentation.langchain_callbacks._model_run import ModelRun
from catalyst_sdk.instrumentation.langchain_callbacks._run import innermost_run
from catalyst_sdk.instrumentation.langchain_callbacks._runs import Runs
from catalyst_sdk.instrumentation.langchain_callbacks._scope import (
    Hint,
    Scope,
    drive,
    drive_async,
    scoped_async_generator,
    scoped_call,
    scoped_coroutine,
    scoped_generator,
)

_CHAT = "langchain_core.language_models.chat_models"
_LLM = "langchain_core.language_models.llms"
_STREAMING = Hint(streaming=True)


class ModelWrappers:
    """Wrappers of chat and completion models."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._caches: dict[type, list[Patch]] = {}

    def wrappers(self) -> dict[tuple[str, str], Wrapper]:
        """What every supported version has."""
        return {
            (_CHAT, "BaseChatModel.generate"): scoped_call(collect=True),
            (_CHAT, "BaseChatModel.agenerate"): scoped_coroutine(collect=True),
            (_CHAT, "BaseChatModel._generate_with_cache"): self._generate,
            (_CHAT, "BaseChatModel._agenerate_with_cache"): self._agenerate,
            (_CHAT, "BaseChatModel.stream"): scoped_generator(_streaming),
            (_CHAT, "BaseChatModel.astream"): scoped_async_generator(_streaming),
            (_LLM, "BaseLLM.stream"): scoped_generator(_streaming),
            (_LLM, "BaseLLM.astream"): scoped_async_generator(_streaming),
            (_LLM, "BaseLLM._generate_helper"): self._complete,
            (_LLM, "BaseLLM._agenerate_helper"): self._acomplete,
        }

    def optional_wrappers(self) -> dict[tuple[str, str], Wrapper]:
        """What later versions have."""
        return {
            (_CHAT, "BaseChatModel._convert_cached_generations"): _note_cache_hit,
            (_CHAT, "BaseChatModel._iter_v2_events"): self._events,
            (_CHAT, "BaseChatModel._aiter_v2_events"): self._aevents,
        }

    def undo(self) -> None:
        """Put the caches' own methods back."""
        for patches in self._caches.values():
            for patch in patches:
                patch.undo()
        self._caches.clear()

    def _generate(self, wrapped: Any, model: Any, args: Any, kwargs: Any) -> Any:
        run = self._model_run(args, kwargs)
        if run is None:
            return wrapped(*args, **kwargs)
        self._watch_cache(model)
        token = attach(run.context)
        try:
            check_stop()
            run.result = wrapped(*args, **kwargs)
            return run.result
        finally:
            detach(token)

    async def _agenerate(self, wrapped: Any, model: Any, args: Any, kwargs: Any) -> Any:
        run = self._model_run(args, kwargs)
        if run is None:
            return await wrapped(*args, **kwargs)
        self._watch_cache(model)
        token = attach(run.context)
        try:
            check_stop()
            run.result = await wrapped(*args, **kwargs)
            return run.result
        finally:
            detach(token)

    def _complete(self, wrapped: Any, _model: Any, args: Any, kwargs: Any) -> Any:
        runs = self._answered_together(args, kwargs)
        if not runs:
            return wrapped(*args, **kwargs)
        token = attach(runs[0].context)
        try:
            check_stop()
            return wrapped(*args, **kwargs)
        except BaseException as error:
            _settle(runs, error)
            raise
        finally:
            detach(token)

    async def _acomplete(self, wrapped: Any, _model: Any, args: Any, kwargs: Any) -> Any:
        runs = self._answered_together(args, kwargs)
        if not runs:
            return await wrapped(*args, **kwargs)
        token = attach(runs[0].context)
        try:
            check_stop()
            return await wrapped(*args, **kwargs)
        except BaseException as error:
            _settle(runs, error)
            raise
        finally:
            detach(token)

    def _events(self, wrapped: Any, _model: Any, args: Any, kwargs: Any) -> Any:
        run = self._model_run(args, kwargs)
        events = wrapped(*args, **kwargs)
        return events if run is None else drive(events, Scope(run=run), _left_by(run))

    def _aevents(self, wrapped: Any, _model: Any, args: Any, kwargs: Any) -> Any:
        run = self._model_run(args, kwargs)
        events = wrapped(*args, **kwargs)
        return events if run is None else drive_async(events, Scope(run=run), _left_by(run))

    def _model_run(self, args: Any, kwargs: Any) -> ModelRun | None:
        manager = kwargs.get("run_manager") or (args[2] if len(args) > 2 else None)
        return self._of(getattr(manager, "run_id", None))

    def _answered_together(self, args: Any, kwargs: Any) -> list[ModelRun]:
        """The runs that one request answers; the first leads, and the others know."""
        managers = kwargs.get("run_managers") or (args[2] if len(args) > 2 else None) or ()
        runs = [run for manager in managers if (run := self._of(manager.run_id)) is not None]
        for run in runs[1:]:
            run.leader = runs[0]
        return runs

    def _of(self, run_id: UUID | None) -> ModelRun | None:
        run = self._runs.get(run_id)
        return run if isinstance(run, ModelRun) else None

    def _watch_cache(self, model: Any) -> None:
        """Watch the cache of a version that does not tell a cached answer from another."""
        if hasattr(model, "_convert_cached_generations") or model.cache is False:
            return
        cache: Any = model.cache
        if getattr(cache, "lookup", None) is None:
            from langchain_core.globals import get_llm_cache

            cache = get_llm_cache()
        if cache is not None and cache.__class__ not in self._caches:
            self._watch(cache.__class__)

    def _watch(self, kind: type) -> None:
        places = {"lookup": _note_lookup, "alookup": _note_alookup}
        self._caches[kind] = [Patch(kind, name, wrapper) for name, wrapper in places.items()]


def _streaming(_model: Any, _args: Any, _kwargs: Any) -> Hint:
    return _STREAMING


def _settle(runs: list[ModelRun], error: BaseException) -> None:
    for run in runs:
        run.abandoned(error)


def _left_by(run: ModelRun) -> Any:
    """Errors are reported to the callbacks by whoever iterates; an abandoned stream is not."""

    def settle(error: BaseException) -> None:
        if isinstance(error, GeneratorExit):
            run.abandoned(error)

    return settle


def _note_cache_hit(wrapped: Any, _model: Any, args: Any, kwargs: Any) -> Any:
    _mark_cached()
    return wrapped(*args, **kwargs)


def _note_lookup(wrapped: Any, _cache: Any, args: Any, kwargs: Any) -> Any:
    found = wrapped(*args, **kwargs)
    if found is not None:
        _mark_cached()
    return found


async def _note_alookup(wrapped: Any, _cache: Any, args: Any, kwargs: Any) -> Any:
    found = await wrapped(*args, **kwargs)
    if found is not None:
        _mark_cached()
    return found


def _mark_cached() -> None:
    run = innermost_run()
    if isinstance(run, ModelRun):
        run.cached()
