from __future__ import annotations

import base64
import enum
import hashlib
import json
from collections import UserDict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalyst_sdk.instrumentation.llm import digest_base64, digest_data_url, to_json

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_json_is_encoded_as_json(value: Any) -> None:
    assert json.loads(to_json(value)) == _without_surrogates(value)


def _without_surrogates(value: Any) -> Any:
    """UTF-8 has no form for half a character; `?` stands for it."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


class Text(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "something else"


class Number(int):
    pass


class Colour(enum.Enum):
    RED = "red"


class Model:
    def model_dump(self, **_options: Any) -> dict[str, Any]:
        return {"dumped": True}


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        (Text("a"), '"a"'),
        (Number(3), "3"),
        (Colour.RED, '"red"'),
        (UserDict(a=1), '{"a":1}'),
        ([Model()], '[{"dumped":true}]'),
        (float("nan"), "null"),
        ({1: 2}, '{"1":2}'),
        (object(), '"<object>"'),
        ([2**70, object()], '[1180591620717411303424, "<object>"]'),
    ],
    ids=repr,
)
def test_what_json_has_no_form_for_is_named(value: Any, encoded: str) -> None:
    assert json.loads(to_json(value)) == json.loads(encoded)


def test_a_cycle_is_named() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    assert to_json(cycle) == '"<list>"'


@given(st.binary())
def test_binary_data_is_described_by_type_size_and_hash(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    expected = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    assert digest_base64(text, "image/png") == {"mime": "image/png", **expected}
    assert digest_data_url(f"data:image/png;base64,{text}") == {"mime": "image/png", **expected}


@pytest.mark.parametrize("url", ["data:,Hello", "data:text/plain;charset=utf-8,Hello"])
def test_a_data_url_may_hold_text(url: str) -> None:
    assert digest_data_url(url) == {
        "mime": "text/plain",
        "bytes": 5,
        "sha256": hashlib.sha256(b"Hello").hexdigest(),
    }


@given(st.text())
def test_invalid_base64_is_described_as_it_is(text: str) -> None:
    assert digest_base64(text)["bytes"] >= 0
    assert len(digest_data_url("data:" + text)["sha256"]) == 64
