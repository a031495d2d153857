"""One agent at work in executors, tasks, threads and generators: every span knows whose it is."""

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import catalyst_sdk
from catalyst_sdk import agent_span, propagate, trace_span
from catalyst_sdk.spans import read_spans


@trace_span(kind="TOOL")
def look_up(number: int) -> int:
    return number * number


@trace_span(kind="TOOL")
async def fetch(number: int) -> int:
    return await asyncio.to_thread(look_up, number)


@trace_span
async def stream(upto: int) -> AsyncIterator[int]:
    for number in range(upto):
        yield await fetch(number)


async def concurrently() -> list[int]:
    numbers = [number async for number in stream(2)]
    return [*numbers, *await asyncio.gather(fetch(3), fetch(4))]


def serve(session: int) -> None:
    with agent_span(f"Agent {session}", session_id=f"chat-{session}"):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(look_up, range(3)))
        asyncio.run(concurrently())
        # A bare thread outlives the request it was started in: it starts clean unless told.
        thread = threading.Thread(target=propagate(look_up), args=(5,))
        thread.start()
        thread.join()


def main() -> None:
    file = Path("threads.jsonl")
    file.unlink(missing_ok=True)
    with catalyst_sdk.init(file=file), ThreadPoolExecutor(4) as requests:
        list(requests.map(serve, range(8)))
    spans = Counter(span.attributes["agent.name"] for span in read_spans(file))
    for agent, count in sorted(spans.items()):
        print(f"{agent}: {count} spans")


if __name__ == "__main__":
    main()
