from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.testing import ProviderServer, json_reply
from catalyst_sdk.instrumentation.testing.openai_wire import chat_completion, tool_call

EXAMPLE = Path(__file__).parents[1] / "example.py"


def test_the_example_is_one_trace_of_agent_models_and_tool(
    server: ProviderServer, tmp_path: Path
) -> None:
    pytest.importorskip("langchain_openai")
    call = tool_call("order_status", '{"order_id":"A-17"}')
    server.script(
        json_reply(chat_completion(None, tool_calls=[call])),
        json_reply(chat_completion("It arrives on Friday.")),
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OTEL_")},
        "OPENAI_BASE_URL": f"{server.url}/v1",
        "OPENAI_API_KEY": "test",
    }
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "It arrives on Friday.\n"
    spans = [json.loads(line) for line in (tmp_path / "traces.jsonl").read_text().splitlines()]
    assert len({span["trace_id"] for span in spans}) == 1
    (agent,) = (span for span in spans if not span["parent_span_id"])
    assert agent["attributes"][semconv.SPAN_KIND] == "AGENT"
    kinds = [span["attributes"][semconv.SPAN_KIND] for span in spans]
    assert (kinds.count("LLM"), kinds.count("TOOL")) == (2, 1)
    assert {span["attributes"][semconv.AGENT_NAME] for span in spans} == {"Shop agent"}
    assert {span["attributes"][semconv.SESSION_ID] for span in spans} == {"example"}
