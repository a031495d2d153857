from __future__ import annotations

import json
from pathlib import Path

from catalyst_sdk.export import BatchProcessor, JsonlSpanExporter


def test_every_flushed_span_is_a_line(tmp_path: Path, make_spans) -> None:
    processor = BatchProcessor(JsonlSpanExporter(tmp_path / "t.jsonl"))
    for span in make_spans(3):
        processor.on_end(span)
    assert processor.force_flush()
    names = [json.loads(line)["name"] for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    assert names == ["step 0", "step 1", "step 2", "agent"]
    processor.shutdown()
