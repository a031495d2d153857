"""Embeddings: texts in, vectors out. The vectors are counted, not kept."""

from __future__ import annotations

from typing import Any

from catalyst_integrations.openai._request import Body, parameters_but
from catalyst_integrations.openai._usage import completion_usage
from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.llm import Answer, to_json
from catalyst_sdk.instrumentation.stainless import Endpoint, WholeReader, member

_FLOAT32_AS_BASE64 = 16 / 3
"""Characters of base64 for one number of a vector."""


def _content(body: Body) -> dict[str, Any]:
    text = body.get("input")
    return {semconv.INPUT_VALUE: text if isinstance(text, str) else to_json(text)}


def _answer(response: Any) -> Answer:
    vectors = response.data or ()
    usage = completion_usage(member(response, "usage"))
    if usage is not None and usage.completion is None:
        usage.completion = 0
    dimensions = _dimensions(vectors[0].embedding) if vectors else 0
    return Answer(
        model=getattr(response, "model", None),
        output=to_json({"vectors": len(vectors), "dimensions": dimensions}),
        usage=usage,
    )


def _dimensions(vector: Any) -> int:
    return int(len(vector) / _FLOAT32_AS_BASE64) if isinstance(vector, str) else len(vector)


ENDPOINT = Endpoint(
    operation="embeddings",
    parameters=parameters_but("input"),
    content=_content,
    answer=_answer,
    reader=lambda: WholeReader(_answer),
    kind="EMBEDDING",
)
