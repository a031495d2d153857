"""Message content as sent: kept as it is, but for binary data, which is described."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from catalyst_sdk.instrumentation.llm import as_list, as_object, digest_base64, digest_data_url

Json = Mapping[str, Any]


def messages_without_data(messages: Any) -> Any:
    """The same messages; those with binary parts are copied, with the data described."""
    if not isinstance(messages, list):
        return messages
    return [_message(message) for message in as_list(messages)]


def parts_without_data(parts: Sequence[Any]) -> list[Any]:
    """The parts of one message, with binary data described."""
    return [_part(as_object(part)) or part for part in parts]


def _message(message: Any) -> Any:
    content = as_object(message).get("content")
    if not isinstance(content, list):
        return message
    return {**as_object(message), "content": parts_without_data(as_list(content))}


def _part(part: Json) -> Json:
    describe = _DESCRIBE.get(str(part.get("type")))
    return describe(part) if describe else part


def _image(part: Json) -> Json:
    image = part.get("image_url")
    url = as_object(image).get("url", image)
    if not isinstance(url, str) or not url.startswith("data:"):
        return part
    rest = {key: value for key, value in as_object(image).items() if key != "url"}
    return {**part, "image_url": {**rest, **digest_data_url(url)}}


def _audio(part: Json) -> Json:
    audio = as_object(part.get("input_audio"))
    data, kind = audio.get("data"), audio.get("format")
    if not isinstance(data, str):
        return part
    return {**part, "input_audio": {"format": kind, **digest_base64(data, f"audio/{kind}")}}


def _file(part: Json) -> Json:
    return {**part, "file": _input_file(as_object(part.get("file")))}


def _input_file(part: Json) -> Json:
    data = part.get("file_data")
    if not isinstance(data, str):
        return part
    described = digest_data_url(data) if data.startswith("data:") else digest_base64(data)
    return {**part, "file_data": described}


_DESCRIBE: dict[str, Callable[[Json], Json]] = {
    "image_url": _image,
    "input_image": _image,
    "input_audio": _audio,
    "file": _file,
    "input_file": _input_file,
}
