"""`opentelemetry-instrument program.py`: traced without a line of ours in the program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from catalyst_sdk.instrumentation.testing import ProviderServer, json_reply
from catalyst_sdk.instrumentation.testing.openai_wire import chat_completion

PROGRAM = """
import openai
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
with openai.OpenAI() as client:
    client.chat.completions.create(model="gpt-test", messages=[{"role": "user", "content": "Hi"}])
"""


def test_the_launcher_of_opentelemetry_traces_a_program(
    server: ProviderServer, tmp_path: Path
) -> None:
    server.script(json_reply(chat_completion()))
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    launch = "from opentelemetry.instrumentation.auto_instrumentation import run; run()"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("OTEL_")},
        "OPENAI_BASE_URL": f"{server.url}/v1",
        "OPENAI_API_KEY": "test",
    }
    done = subprocess.run(
        [sys.executable, "-c", launch, sys.executable, str(program)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"name": "chat gpt-test"') == 1
    assert '"llm.token_count.total": 28' in done.stdout
