"""Where shared trace data is, and short ways to write spans."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalyst_sdk.spans import Span

SHARED = Path(
    os.environ.get("CATALYST_SHARED_DATA")
    or Path(__file__).resolve().parents[2].parent / "shared" / "data"
)


@pytest.fixture(scope="session")
def shared_traces() -> Path:
    """The folder of real agent runs, where this checkout has it."""
    folder = SHARED / "traces"
    if not folder.is_dir():
        pytest.skip(f"no shared traces at {folder} (set CATALYST_SHARED_DATA)")
    return folder


@pytest.fixture
def make_span() -> Callable[..., Span]:
    """Make a finished span with the given attributes."""

    def make(attributes: dict[str, Any] | None = None, **fields: Any) -> Span:
        return Span(
            **{
                "trace_id": "0af7651916cd43dd8448eb211c80319c",
                "span_id": "b7ad6b7169203331",
                "name": "step",
                "start_ns": 1_700_000_000_000_000_000,
                "end_ns": 1_700_000_001_000_000_000,
                "attributes": attributes or {},
                **fields,
            }
        )

    return make
