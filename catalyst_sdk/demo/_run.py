"""Runs the demo: customers visit, two agents serve them, every step goes to a trace file."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Collection, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from openai import OpenAI

import catalyst_sdk
from catalyst_sdk.demo._desks import SupportDesk
from catalyst_sdk.demo._flaws import chosen
from catalyst_sdk.demo._orders import OrderBook
from catalyst_sdk.demo._systems import Systems
from catalyst_sdk.demo._visits import Visit, visits
from catalyst_sdk.demo.model import answer, under_load
from catalyst_sdk.demo.provider import ScriptedProvider
from catalyst_sdk.errors import MissingExtra

FILE_NAME = "traces.jsonl"

_SETTINGS = ("CATALYST_", "INFERENCE_", "OTEL_")

_AT_ONCE = 4
"""Customers served at the same time."""


@dataclass(frozen=True)
class DemoResult:
    """What a run left behind."""

    path: Path
    """The trace file."""
    sessions: int
    traces: int
    planted: dict[str, list[str]]
    """Flaw to the ids of the sessions that ran into it. Only tests read this."""
    seconds: float


def run_demo(
    directory: str | Path = ".catalyst/demo",
    sessions: int = 40,
    seed: int = 7,
    flaws: Literal["all"] | Collection[str] | None = "all",
    *,
    on_session: Callable[[int, int], None] | None = None,
) -> DemoResult:
    """Serve *sessions* customers and trace it to `DIRECTORY/traces.jsonl`, replaced if present.

    The same seed brings the same customers; *flaws* are planted, None for none.
    *on_session* hears how many of how many are served. Raises MissingExtra without `openai`.
    """
    planted = chosen(flaws)
    path = _fresh_file(Path(directory))
    rng = random.Random(seed)  # noqa: S311 - a story, not a secret
    book = OrderBook(rng)
    queue = visits(sessions, rng, book)
    started = time.perf_counter()
    turns = 0
    with _traced(path), _client(planted) as client:
        systems = Systems(book, planted)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            served = pool.map(partial(_serve, client, systems, planted), queue)
            for done, count in enumerate(served, 1):
                turns += count
                if on_session:
                    on_session(done, len(queue))
    return DemoResult(
        path, len(queue), turns, _exposed(queue, planted), time.perf_counter() - started
    )


def _fresh_file(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / FILE_NAME
    path.unlink(missing_ok=True)
    return path


@contextmanager
def _traced(path: Path) -> Generator[None]:
    """Trace what runs inside to *path* and nowhere else, and leave the process as it was."""
    with _no_settings():
        handle = catalyst_sdk.init(
            service_name="aurora-outfitters",
            service_version="2.4.1",
            environment="demo",
            file=str(path),
            instrument=["openai"],
            set_global=False,
        )
    try:
        yield
    finally:
        handle.shutdown()


@contextmanager
def _no_settings() -> Generator[None]:
    """Hide the environment's settings: what a demo makes up is not for anybody's backend."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(_SETTINGS)}
    try:
        yield
    finally:
        os.environ.update(hidden)


@contextmanager
def _client(planted: frozenset[str]) -> Generator[OpenAI]:
    """Start the scripted provider and give a real client that talks to it."""
    try:
        from openai import OpenAI
    except ImportError as error:
        raise MissingExtra("openai", "The demo's agent") from error

    limited = "rate_limited" in planted
    with (
        ScriptedProvider(under_load(answer) if limited else answer) as provider,
        OpenAI(
            base_url=provider.base_url,
            api_key="scripted-model",
            max_retries=0 if limited else 2,
        ) as client,
    ):
        yield client


def _serve(client: OpenAI, systems: Systems, flaws: frozenset[str], visit: Visit) -> int:
    """Serve one customer; give the number of turns it took."""
    desk = SupportDesk(client, systems, flaws, visit.session_id, visit.user_id, stream=visit.stream)
    turns = 0
    for ask in visit.asks:
        for text in (ask.text, *ask.again):
            turns += 1
            if ask.content_with(desk.reply(text)):
                break
    return turns


def _exposed(queue: list[Visit], planted: frozenset[str]) -> dict[str, list[str]]:
    return {
        flaw: [visit.session_id for visit in queue if flaw in visit.exposed_to]
        for flaw in sorted(planted)
    }
