"""The runs under way, by the id the library gives them, and where a new one belongs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from opentelemetry import context as otel
from opentelemetry.context import Context

from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation._current import attach
from catalyst_sdk.instrumentation.langchain_callbacks._run import Run, is_in
from catalyst_sdk.instrumentation.llm import forget, keep_open

_MOST = 10_000


class Runs:
    """Runs by id. A run that is not to be seen leads to the one it runs in."""

    def __init__(self) -> None:
        self._open: dict[UUID, Run] = {}

    def __len__(self) -> int:
        return len(self._open)

    def get(self, run_id: UUID | None) -> Run | None:
        """The run of that id, or the one it was hidden in."""
        return None if run_id is None else self._open.get(run_id)

    def add(self, run: Run) -> None:
        """Keep *run* until it ends; the oldest gives way when far too many never did."""
        while len(self._open) >= _MOST:
            run_id, oldest = next(iter(self._open.items()))
            if run_id == oldest.run_id:
                oldest.dropped()
            self._open.pop(run_id, None)
        self._open[run.run_id] = run
        keep_open(run)

    def hide(self, run_id: UUID, run: Run) -> None:
        """Let *run* stand for the run of that id."""
        self._open[run_id] = run

    def itself(self, run_id: UUID) -> Run | None:
        """The run of that id; None for a hidden one, which is forgotten: it ends."""
        run = self._open.get(run_id)
        if run is None or run.run_id == run_id:
            return run
        self._open.pop(run_id, None)
        return None

    def ended(self, run: Run) -> bool:
        """Take *run* off; False when it was before."""
        forget(run)
        return self._open.pop(run.run_id, None) is not None

    def end_all(self) -> None:
        """End what is still open."""
        for run in list(self._open.values()):
            run.dropped()
        self._open.clear()

    def context_for(self, parent: Run | None) -> Context:
        """Where a run below *parent* starts.

        The current context, which may be deeper (a span of the user's own); where it was not
        carried along, the parent's.
        """
        current = otel.get_current()
        return current if parent is None or is_in(parent, current) else parent.context

    def make_current(self, wrapped: Any, _instance: Any, args: Any, kwargs: Any) -> Any:
        """Wrap `_set_config_context`, which runs in a copied context thrown away after use."""
        result = wrapped(*args, **kwargs)
        try:
            config = args[0] if args else kwargs["config"]
            run = self.get(getattr(config.get("callbacks"), "parent_run_id", None))
            if run is not None and not is_in(run, otel.get_current()):
                attach(run.context)
        except Exception:  # noqa: BLE001 - what runs in there runs without its span
            report_failure("a run could not be made current")
        return result
