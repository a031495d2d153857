"""Captured values: any object, bounded, never raising."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
import tracemalloc
import uuid
from collections import OrderedDict, defaultdict, deque
from types import MappingProxyType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalyst_sdk.tracing._encode import MAX_CHARS, content, encode_json

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
)


@given(PLAIN)
def test_plain_data_comes_back_as_it_was(value):
    assert json.loads(encode_json(value)) == value


@dataclasses.dataclass
class Order:
    number: int
    key: str = dataclasses.field(repr=False)
    child: Order | None = None


class Item(msgspec.Struct):
    name: str


class Colour(enum.Enum):
    RED = "red"


class Word(str, enum.Enum):
    YES = "yes"


class Custom:
    def __repr__(self) -> str:
        return "<Custom 7>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Order(1, "secret", Order(2, "s")), {"number": 1, "child": {"number": 2, "child": None}}),
        (Item(name="a"), {"name": "a"}),
        (Colour.RED, "red"),
        ({Colour.RED: 1, 2: "two", (1, 2): 3}, {"red": 1, "2": "two", "[1, 2]": 3}),
        ({"a": {1}}, {"a": [1]}),
        (deque([1, 2]), [1, 2]),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (b"text", "text"),
        (b"\xff\x00", "<2 bytes>"),
        (memoryview(b"abc"), "<3 bytes>"),
        (bytearray(5000), "<5000 bytes>"),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (decimal.Decimal("1.5"), "1.5"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        ([Custom()], ["<Custom 7>"]),
        ([Order], [f"{__name__}.Order"]),
        ([math.inf, 10**30], ["inf", str(10**30)]),
        (["\ud800x"], ["?x"]),
        (1 << 10_000, "<int of 10001 bits>"),
    ],
)
def test_an_object_is_shown_by_what_it_holds(value, expected):
    assert json.loads(encode_json(value)) == expected


def test_pydantic_models_are_shown_by_their_fields():
    pydantic = pytest.importorskip("pydantic")

    class Model(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(extra="allow")
        name: str
        password: pydantic.SecretStr
        hidden: str = pydantic.Field("h", repr=False)

    shown = json.loads(encode_json([Model(name="a", password="p", more=[1])]))
    assert shown == [{"name": "a", "password": "SecretStr('**********')", "more": [1]}]


def test_texts_stay_texts():
    assert content("input.value", "hi") == {
        "input.value": "hi",
        "input.mime_type": "text/plain",
    }
    assert content("output.value", Word.YES)["output.value"] == "yes"
    assert content("output.value", "\udcff")["output.value"] == "?"
    assert content("output.value", None) == {
        "output.value": "null",
        "output.mime_type": "application/json",
    }


class Hostile:
    def __getattribute__(self, name):
        raise RuntimeError("no")

    def __repr__(self):
        raise RuntimeError("no")

    __str__ = __repr__


class HostileDict(dict):
    def items(self):
        raise RuntimeError("no")


class HostileList(list):
    def __iter__(self):
        raise RuntimeError("no")

    def __len__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "make",
    [
        Hostile,
        lambda: [1, Hostile()],
        lambda: HostileDict(a=1),
        lambda: {"a": HostileList([1])},
        lambda: [HostileList()],
    ],
    ids=["object", "in a list", "dict", "list in a dict", "list in a list"],
)
def test_hostile_objects_cannot_make_it_raise(make):
    assert "RuntimeError" in encode_json(make())


def test_only_the_unreadable_part_is_lost():
    assert json.loads(encode_json({"a": 1, "b": Hostile()}))["a"] == 1


def test_cycles_and_deep_nesting_end():
    cycle: dict[str, object] = {"a": 1}
    cycle["self"] = cycle
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert "too deep" in encode_json(cycle)
    assert "too deep" in encode_json(deep)


def test_iterators_are_not_consumed():
    numbers = iter([1, 2])
    assert "list_iterator" in encode_json({"numbers": numbers})
    assert list(numbers) == [1, 2]


@pytest.mark.parametrize(
    "make",
    [
        lambda: "x" * 50_000_000,
        lambda: ["x" * 50_000_000, "y"],
        lambda: {"a": "x" * 50_000_000},
        lambda: [0] * 2_000_000,
        lambda: {"key" * 5_000_000: 1},
        lambda: Order(1, "k", "x" * 50_000_000),  # type: ignore[arg-type]
        lambda: [b"\x00" * 50_000_000],
    ],
    ids=["text", "list of text", "dict", "many items", "a long key", "a dataclass", "bytes"],
)
def test_a_huge_value_is_cut_without_going_through_all_of_it(make):
    value = make()
    tracemalloc.start()
    try:
        text = content("output.value", value)["output.value"]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(text) <= 1.1 * MAX_CHARS
    assert peak < 40_000_000


def test_what_was_left_out_is_said():
    shown = json.loads(encode_json(["a" * MAX_CHARS, "b", "c"]))
    assert shown[-1] == "… 2 more"
    assert content("input.value", "x" * (MAX_CHARS + 7))["input.value"].endswith(
        "… 7 more characters"
    )
