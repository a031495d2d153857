"""Message batches: the request that hands one over. Its results come later and are not followed."""

from __future__ import annotations

from typing import Any

from catalyst_integrations.anthropic._blocks import Json, conversation
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import Answer, as_list, as_object, to_json
from catalyst_sdk.instrumentation.stainless import Endpoint, WholeReader


def _content(body: Json) -> dict[str, Any]:
    requests: list[Json] = []
    for item in as_list(body.get("requests")):
        request = as_object(item)
        asked = as_object(request.get("params"))
        messages = conversation(asked)
        requests.append({"custom_id": request.get("custom_id"), "messages": messages})
    return {semconv.INPUT_VALUE: to_json(requests)}


def _parameters(_body: Json) -> dict[str, Any]:
    return {}


def _answer(batch: Any) -> Answer:
    counts = getattr(batch, "request_counts", None)
    status = {
        "id": getattr(batch, "id", None),
        "processing_status": getattr(batch, "processing_status", None),
        "processing": getattr(counts, "processing", None),
    }
    return Answer(id=status["id"], output=to_json(status))


ENDPOINT = Endpoint(
    operation="create_batch",
    parameters=_parameters,
    content=_content,
    answer=_answer,
    reader=lambda: WholeReader(_answer),
    kind="CHAIN",
)
