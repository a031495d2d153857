"""Our files in the real halo-engine, from its own distribution in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

from catalyst_sdk import semconv
from catalyst_sdk.export import JsonlSpanExporter

OVERVIEW = """
import asyncio, sys
from pathlib import Path
from engine.traces.models.trace_index_config import TraceIndexConfig
from engine.traces.models.trace_query_models import TraceFilters
from engine.traces.trace_index_builder import TraceIndexBuilder
from engine.traces.trace_store import TraceStore

path = Path(sys.argv[1])
index = asyncio.run(TraceIndexBuilder.ensure_index_exists(path, TraceIndexConfig()))
store = TraceStore.load(path, index)
overview = store.get_overview(TraceFilters())
assert len(store.view_trace(overview.sample_trace_ids[0]).spans) == 4
print(overview.model_dump_json())
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("halo-engine")
    venv.create(place, with_pip=True)
    executable = str(place / ("Scripts" if sys.platform == "win32" else "bin") / "python")
    # Its index and store need pydantic alone; its other requirements weigh some 300 MB.
    for what in (["--no-deps", "halo-engine==0.3.5"], ["pydantic==2.13.3"]):
        installed = subprocess.run(
            [executable, "-m", "pip", "install", "-q", *what], capture_output=True, timeout=300
        )
        if installed.returncode:
            pytest.skip("halo-engine cannot be installed here")
    return executable


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_its_overview_shows_our_agents_models_and_tokens(
    python: str, tmp_path: Path, make_spans: Any
) -> None:
    path = tmp_path / "traces.jsonl"
    exporter = JsonlSpanExporter(path)
    exporter.export(
        make_spans(
            3,
            **{
                semconv.SPAN_KIND: "LLM",
                semconv.AGENT_ID: "refund-agent",
                semconv.AGENT_NAME: "Refund agent",
                semconv.LLM_MODEL_NAME: "gpt-5",
                semconv.LLM_TOKENS_PROMPT: 100,
                semconv.LLM_TOKENS_COMPLETION: 7,
            },
        )
    )
    exporter.shutdown()
    ran = subprocess.run(
        [python, "-c", OVERVIEW, str(path)], capture_output=True, text=True, check=True
    )
    overview = json.loads(ran.stdout)
    assert overview["total_spans"] == 4
    assert overview["service_names"] == ["shop"]
    assert overview["agent_names"] == ["Refund agent"]
    assert overview["agent_ids"] == ["refund-agent"]
    assert overview["model_names"] == ["gpt-5"]
    assert overview["total_input_tokens"] == 300
    assert overview["total_output_tokens"] == 21
