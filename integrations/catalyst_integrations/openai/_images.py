"""Images: generated, edited and varied. Their data is described, not kept."""

from __future__ import annotations

from typing import Any

from catalyst_integrations.openai._request import parameters_but, prompt_content
from catalyst_integrations.openai._usage import response_usage
from catalyst_sdk.instrumentation.llm import Answer, digest_base64
from catalyst_sdk.instrumentation.stainless import Endpoint, WholeReader, member


def _answer(response: Any) -> Answer:
    kind = getattr(response, "output_format", None) or "png"
    images = [_image(image, kind) for image in getattr(response, "data", None) or ()]
    return _drawn(images, response)


def _drawn(images: list[dict[str, Any]], response: Any) -> Answer:
    return Answer(
        messages=[{"role": "assistant", "content": images}] if images else [],
        usage=response_usage(member(response, "usage")),
    )


def _image(image: Any, kind: str) -> dict[str, Any]:
    data = getattr(image, "b64_json", None)
    drawn = digest_base64(data, f"image/{kind}") if data else {"url": getattr(image, "url", None)}
    part = {"type": "image_url", "image_url": drawn}
    if revised := getattr(image, "revised_prompt", None):
        part["revised_prompt"] = revised
    return part


def _answer_of_event(event: Any) -> Answer:
    """`image_generation.completed` or `image_edit.completed`: one image and the usage."""
    return _drawn([_image(event, getattr(event, "output_format", None) or "png")], event)


def _endpoint(operation: str) -> Endpoint:
    return Endpoint(
        operation=operation,
        parameters=parameters_but("prompt"),
        content=prompt_content,
        answer=_answer,
        reader=lambda: WholeReader(
            _answer_of_event, last=("image_generation.completed", "image_edit.completed")
        ),
    )


GENERATE = _endpoint("image_generation")
EDIT = _endpoint("image_edit")
VARY = _endpoint("image_variation")
