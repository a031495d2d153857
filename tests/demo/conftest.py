from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Literal

import openai
import pytest

from catalyst_sdk.demo import DemoResult, run_demo
from catalyst_sdk.demo.provider import ChatRequest, Pace, Refusal, Reply, Script, ScriptedProvider


class Stage:
    """A provider whose next decisions a test sets, and a real client pointed at it."""

    def __init__(self) -> None:
        self.requests: list[ChatRequest] = []
        self.script: Script = lambda request: Reply("Hello.")
        self.provider = ScriptedProvider(self._decide, pace=Pace(first_token=0, token=0))

    def _decide(self, request: ChatRequest) -> Reply | Refusal:
        self.requests.append(request)
        return self.script(request)

    def says(self, *decisions: Reply | Refusal) -> None:
        queue = list(decisions)
        self.script = lambda request: queue.pop(0)


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    with stage.provider:
        yield stage


@pytest.fixture
def client(stage: Stage) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=stage.provider.base_url, api_key="k", max_retries=0) as client:
        yield client


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str | None], DemoResult]:
    """Give the run of 40 sessions with all flaws, or with none; each is made once."""

    @functools.cache
    def run(flaws: Literal["all"] | None) -> DemoResult:
        return run_demo(tmp_path_factory.mktemp("demo"), flaws=flaws)

    return run
