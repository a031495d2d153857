"""The front door: cheap to open, complete for people and type checkers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import catalyst_sdk


def test_the_public_names_are_those_of_the_type_checkers_and_all_load():
    tree = ast.parse(Path(catalyst_sdk.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    declared = [alias.name for node in block.body for alias in node.names]
    assert sorted(declared) == sorted(catalyst_sdk.__all__)
    for name in catalyst_sdk.__all__:
        assert getattr(catalyst_sdk, name) is not None
        assert name in dir(catalyst_sdk)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_like_it"):
        catalyst_sdk.nothing_like_it  # noqa: B018


def loaded_by(script, code: str) -> set[str]:
    out, _ = script.run(
        f"import sys; before = set(sys.modules); {code}\nprint(*sorted(set(sys.modules) - before))"
    )
    return {
        name.partition(".")[0] + "." + name.split(".")[1] if "." in name else name
        for name in out.split()
    }


def test_importing_the_package_loads_nothing_heavy(script):
    loaded = loaded_by(script, "import catalyst_sdk")
    assert not {name for name in loaded if name.startswith(("opentelemetry", "msgspec", "wrapt"))}
    assert len(loaded) < 60


def test_decorating_needs_no_opentelemetry_sdk(script):
    loaded = loaded_by(script, "from catalyst_sdk import agent_span, trace_span; trace_span(print)")
    assert "opentelemetry.sdk" not in loaded
    assert not {"requests", "multiprocessing"} & loaded


def test_halo_is_reached_through_the_package(script):
    out, _ = script.run("from catalyst_sdk import halo; print(halo.__name__)")
    assert out.strip() == "catalyst_sdk.halo"


USE = """
from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

from typing_extensions import assert_type

import catalyst_sdk
from catalyst_sdk import Agent, TracedSpan, agent_span, attributes, current_agent, trace_span


@trace_span
def bare(a: int, *, b: str = "") -> list[int]:
    return [a]


@trace_span("named", kind="TOOL", capture_input=False)
async def coroutine(a: int) -> str:
    return str(a)


@trace_span
def numbers(n: int) -> Iterator[int]:
    yield n


@trace_span(kind="LLM")
async def chunks() -> AsyncIterator[str]:
    yield "a"


class Desk:
    @trace_span
    def method(self, a: int) -> int:
        return a

    @staticmethod
    @trace_span("inner")
    def static_inner(a: int) -> int:
        return a

    @trace_span
    @staticmethod
    def static_outer(a: int) -> int:
        return a

    @classmethod
    @trace_span
    def class_inner(cls, a: int) -> int:
        return a

    @trace_span("outer")
    @classmethod
    def class_outer(cls, a: int) -> int:
        return a


@agent_span("Agent", role="r", metadata={"a": 1}, tags=["x"])
def agent(question: str) -> str:
    return question


@catalyst_sdk.flush
def handler(event: dict[str, str]) -> int:
    return len(event)


assert_type(bare(1, b="x"), list[int])
assert_type(list(numbers(1)), list[int])
assert_type(Desk().method(1), int)
assert_type(Desk.static_inner(1), int)
assert_type(Desk.static_outer(1), int)
assert_type(Desk.class_inner(1), int)
assert_type(Desk.class_outer(1), int)
assert_type(agent("q"), str)
assert_type(handler({}), int)
assert_type(current_agent(), Agent | None)
assert_type(catalyst_sdk.flush(1.0), bool)
assert_type(catalyst_sdk.flush(), bool)


async def main() -> None:
    assert_type(await coroutine(1), str)
    async for chunk in chunks():
        assert_type(chunk, str)
    async with trace_span("block") as span:
        assert_type(span, TracedSpan)


def after() -> int:
    with trace_span("block", kind="RETRIEVER") as span, attributes(session_id="s"):
        span.set_output({"a": 1})
        return 1


asyncio.run(main())
with catalyst_sdk.init("A", instrument=["openai"], redact=["keys"], hooks=[]) as handle:
    assert_type(handle.instrumented, list[str])
"""

WRONG = """
from catalyst_sdk import init, trace_span

@trace_span
def bare(a: int) -> int:
    return a

bare("text")
trace_span("x", kind="STEP")
init(protocol="pigeon")
init(agentname="x")
"""


def pyright(folder: Path, code: str) -> tuple[int, str]:
    (folder / "use.py").write_text(code)
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    checked = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "use.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return checked.returncode, checked.stdout


def test_users_under_a_strict_type_checker_get_no_errors(tmp_path):
    pytest.importorskip("basedpyright")
    assert pyright(tmp_path, USE) == (0, "0 errors, 0 warnings, 0 notes\n")


def test_users_mistakes_are_found_by_a_type_checker(tmp_path):
    pytest.importorskip("basedpyright")
    code, out = pyright(tmp_path, WRONG)
    assert code == 1
    for mistake in ("\"Literal['text']\"", '"STEP"', '"pigeon"', '"agentname"'):
        assert mistake.strip('"') in out, out
