"""One planted flaw for each detector: a population of good runs of which some are spoilt."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from halo.planted import SECOND, SYSTEM, TOOLS, Run, Traces, healthy_run, tool

Plant = Callable[[Traces], None]
PLANTS: dict[str, Plant] = {}

RUNS = 40
SHARE = 0.3


def plant(name: str) -> Callable[[Plant], Plant]:
    def add(function: Plant) -> Plant:
        PLANTS[name] = function
        return function

    return add


def spoilt(traces: Traces, runs: int = RUNS, share: float = SHARE) -> Iterator[tuple[Run, bool]]:
    """Good runs before their last answer; those to be spoilt are noted as planted."""
    for number in range(runs):
        run = healthy_run(traces)
        chosen = number % 10 < share * 10
        if chosen:
            traces.planted.add(run.trace_id)
        yield run, chosen


# reliability


@plant("run-ending-error")
def _(traces: Traces) -> None:
    for number, (run, bad) in enumerate(spoilt(traces)):
        if not bad:
            run.answer()
            continue
        error = f"'NoneType' object has no attribute 'price' (order {run.number})"
        run.llm("", [("check_refund", {"order_id": run.number, "reason": str(number)})])
        run.tool("check_refund", {"order_id": run.number}, error=error, error_type="AttributeError")
        run.end(error=error, error_type="AttributeError")


@plant("recovered-error")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            run.span(
                "load_profile", "CHAIN", {"input.value": run.user}, error="cache key missing: u-1"
            )
        run.answer()


@plant("timeout")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            run.ask(
                "check_refund",
                {"order_id": run.number, "reason": "size"},
                error="Tool timed out after 30s",
                seconds=30,
            )
        run.answer()


@plant("rate-limit")
def _(traces: Traces) -> None:
    for number, (run, bad) in enumerate(spoilt(traces)):
        if bad:
            run.llm(
                error=f"Error code: 429 - Rate limit reached, retry in {number} s",
                error_type="RateLimitError",
            )
        run.answer()


@plant("quota")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            error = "Error code: 429 - insufficient_quota: check your plan and billing details"
            run.llm(error=error, error_type="RateLimitError")
            run.end(error=error)
        else:
            run.answer()


@plant("context-overflow")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            error = "This model's maximum context length is 128000 tokens, you sent 131722"
            run.llm(error=error, error_type="BadRequestError")
            run.end(error=error)
        else:
            run.answer()


@plant("retry-storm")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            for attempt in range(4):
                args = {"text": f"boots {attempt}", "limit": 5}
                run.ask("search_products", args, error="index is being rebuilt", seconds=1)
        run.answer()


@plant("same-mistake")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            args = {"order_id": run.number, "reason": "none given"}
            for _attempt in range(2):
                run.ask("check_refund", args, error="reason must be one of the listed ones")
        run.answer()


@plant("no-answer")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            run.llm("", [("check_refund", {"order_id": run.number, "reason": "late"})])
            run.end("")
        else:
            run.answer()


@plant("step-limit")
def _(traces: Traces) -> None:
    for number, (run, bad) in enumerate(spoilt(traces)):
        if not bad:
            run.answer()
            continue
        turn = 0
        while sum(1 for m in run.history if m["role"] == "assistant") < 11:
            turn += 1
            run.ask("search_products", {"text": f"{number} {turn}", "limit": turn}, [number, turn])
        run.llm("", [("search_products", {"text": f"{number} last", "limit": 99})])
        run.end("I could not finish.")


@plant("abandoned-stream")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        outcome = "aborted" if bad else "complete"
        run.llm("On its way", extra={"llm.streaming": True, "llm.stream.outcome": outcome})
        run.end("On its way")


@plant("soft-error")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            result = {"success": False, "error": f"order {run.number} is locked by another session"}
            run.ask("check_refund", {"order_id": run.number, "reason": "size"}, result)
        run.answer()


@plant("incomplete-trace")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        run.root = not bad
        run.answer()


@plant("version-regression")
def _(traces: Traces) -> None:
    for number in range(2 * RUNS):
        new = number >= RUNS
        run = healthy_run(traces, version="1.5.0" if new else "1.4.0")
        if new and number % 3 == 0:
            traces.planted.add(run.trace_id)
            run.end(error=f"unexpected state {number}", error_type="StateError")
        else:
            run.answer()


# tools


@plant("failing-tool")
def _(traces: Traces) -> None:
    reasons = ("seats are gone on {n}", "the card {n} is not accepted", "no fare for {n}")
    for number, (run, bad) in enumerate(spoilt(traces)):
        if bad:
            reason = reasons[number % 3].format(n=run.number)
            run.ask("check_refund", {"order_id": run.number, "reason": "a"}, error=reason)
            run.ask("check_refund", {"order_id": run.number, "reason": "b"}, {"allowed": number})
        run.answer()


@plant("empty-result")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces, share=0.5):
        if bad:
            run.ask("search_products", {"text": f"left shoe {run.number}", "limit": 3}, [])
        run.answer()


@plant("repeated-call")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            for _again in range(2):
                run.ask("get_order", {"order_id": run.number}, run.order())
        run.answer()


@plant("alternating-loop")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            for _round in range(3):
                text = {"text": run.number, "limit": 1}
                run.ask("search_products", text, {"see": "the refund desk"})
                args = {"order_id": run.number, "reason": "loop"}
                run.ask("check_refund", args, {"see": "the product page"})
        run.answer()


@plant("unknown-tool")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            run.llm("", [("get_orders", {"order_id": run.number})])
        run.answer()


@plant("bad-arguments")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            args = {"text": "boots", "limit": "ten"}
            (call_id,) = run.llm("", [("search_products", args)])
            run.tool("search_products", args, {"hits": [run.number]}, call_id=call_id)
        run.answer()


@plant("unused-tool")
def _(traces: Traces) -> None:
    idle = [tool("print_label", order_id="string"), tool("open_ticket", text="string")]
    for run, _bad in spoilt(traces, share=0):
        run.answer()
    for _number in range(RUNS):
        run = healthy_run(traces, agent="label-helper", offers=[*TOOLS, *idle])
        traces.planted.add(run.trace_id)
        run.answer()


@plant("oversized-output")
def _(traces: Traces) -> None:
    for number, (run, bad) in enumerate(spoilt(traces)):
        if bad:
            dump = [{"sku": f"{number}-{item}", "name": "boot"} for item in range(1500)]
            run.ask("search_products", {"text": f"everything {number}", "limit": 1500}, dump)
        run.answer()


@plant("one-by-one")
def _(traces: Traces) -> None:
    system = SYSTEM + "You should only make one tool call at a time.\n"
    for number in range(RUNS):
        bad = number % 10 < SHARE * 10
        run = traces.run(system=system).opening()
        if bad:
            traces.planted.add(run.trace_id)
            orders = [f"{run.number}{letter}" for letter in "ABCD"]
            run.ask("search_products", {"text": run.number, "limit": 4}, {"orders": orders})
            for order in orders:
                run.ask("get_order", {"order_id": order}, {"order_id": order, "state": "open"})
        run.answer()


# cost and latency


@plant("context-growth")
def _(traces: Traces) -> None:
    for number, (run, bad) in enumerate(spoilt(traces)):
        if bad:
            for turn in range(6):
                args = {"text": f"page {turn} of {number}", "limit": turn}
                run.ask("search_products", args, f"{number} {turn} " + "boot " * 3400)
        run.answer()


@plant("uncached-prompt")
def _(traces: Traces) -> None:
    for number in range(RUNS):
        run = healthy_run(traces, agent="clock-helper")
        traces.planted.add(run.trace_id)
        for turn in range(3):
            said = f"Current time: 09:{number % 60:02d}:{turn:02d}. {SYSTEM}" + "Be kind. " * 400
            messages = [{"role": "system", "content": said}, *run.history[1:]]
            run.llm(f"step {turn}", messages=messages, cached=0.0)
        run.answer()


@plant("repeated-request")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            messages = list(run.history)
            run.llm("One moment.", messages=messages)
            run.llm("One moment.", messages=messages)
        run.answer()


@plant("overpowered-model")
def _(traces: Traces) -> None:
    labels = ("refund", "delivery", "other")
    for number, (run, bad) in enumerate(spoilt(traces, share=0.5)):
        if bad:
            messages = [
                {"role": "system", "content": "Name the topic of the message in one word."},
                {"role": "user", "content": run.question},
            ]
            label = labels[number % 3]
            run.llm(label, messages=messages, model="gpt-5.4", offers=[], completion=2)
        run.answer()


@plant("reasoning-heavy")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            for turn in range(2):
                run.llm(f"Step {turn}.", model="o9", reasoning=2400, seconds=20)
        run.answer()


@plant("runaway-run")
def _(traces: Traces) -> None:
    for number, (run, bad) in enumerate(spoilt(traces, share=0.1)):
        if bad:
            for turn in range(25):
                run.llm(f"Let me think about step {turn} of {number}.", prompt=4000 + turn)
        run.answer()


@plant("slow-tail")
def _(traces: Traces) -> None:
    for number, (run, bad) in enumerate(spoilt(traces)):
        text = {"text": f"last look {number}", "limit": 2}
        slow = bad and len(traces.planted) <= 6
        if bad and not slow:
            traces.planted.discard(run.trace_id)
        run.ask("search_products", text, {"hits": [number]}, seconds=12.0 if slow else 0.2)
        run.answer()


@plant("serial-calls")
def _(traces: Traces) -> None:
    for number, (run, bad) in enumerate(spoilt(traces)):
        calls = [("search_products", {"text": f"{number} {i}", "limit": i}) for i in range(4)]
        ids = run.llm("", calls)
        start = run.now
        for (name, args), call_id in zip(calls, ids, strict=True):
            result = {"hits": [args["text"]]}
            begins = 0 if bad else start
            run.tool(name, args, result, call_id=call_id, seconds=0.9, start=begins)
        run.answer()


# quality


@plant("cut-output")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            run.llm(f"Order {run.number} will arr", finish="length", completion=256)
            run.end(f"Order {run.number} will arr")
        else:
            run.answer()


@plant("refusal")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            says = "I'm sorry, but I can't help with that request."
            run.llm(says)
            run.end(says)
        else:
            run.answer()


@plant("blocked-answer")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            run.llm("I was about to", finish="content_filter")
            run.end("I was about to")
        else:
            run.answer()


@plant("invalid-json")
def _(traces: Traces) -> None:
    asked = {"llm.invocation_parameters": json.dumps({"response_format": {"type": "json_object"}})}
    for run, bad in spoilt(traces):
        good = json.dumps({"order": run.number, "state": "shipped"})
        says = f"Here you are: {good[:-4]}" if bad else good
        run.llm(says, extra=asked)
        run.end(says)


@plant("empty-answer")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            run.llm("")
            run.history[-1]["content"] = " "
        run.answer()


@plant("user-repeats")
def _(traces: Traces) -> None:
    for number in range(RUNS):
        run = healthy_run(traces, session=f"s-{number}")
        run.answer()
        if number % 10 < SHARE * 10:
            again = healthy_run(
                traces,
                session=f"s-{number}",
                question=f"I asked you: {run.question.lower()} Please look.",
            )
            traces.planted.add(again.trace_id)
        else:
            again = healthy_run(
                traces,
                session=f"s-{number}",
                question=f"Thanks! And which opening hours has the branch in street {number}?",
            )
        again.answer()


@plant("handoff-pingpong")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        for round_ in range(3 if bad else 1):
            for name in ("billing", "shipping") if bad else ("billing",):
                with run.within(name):
                    run.llm(f"{name} passes it on, round {round_}")
        run.answer()


@plant("empty-retrieval")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        run.retriever(f"returns of {run.number}", [] if bad else [0.9, 0.8])
        run.answer()


@plant("weak-retrieval")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces, share=0.2):
        score = 0.21 if bad else traces.random.uniform(0.85, 0.92)
        run.retriever(f"returns of {run.number}", [score, score / 2])
        run.answer()


# instrumentation


@plant("missing-agent")
def _(traces: Traces) -> None:
    for number in range(RUNS):
        run = healthy_run(traces, named=number % 10 >= SHARE * 10)
        if not run.named:
            traces.planted.add(run.trace_id)
        run.answer()


@plant("missing-usage")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            run.llm("A moment, please.", usage=False)
        run.answer()


@plant("missing-content")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces, share=0.5):
        if bad:
            for _turn in range(3):
                run.llm("A moment, please.", content=False)
        run.answer()


@plant("clock-skew")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            early = run.began - 3 * SECOND
            run.span("charge", "CHAIN", {"input.value": "x"}, start=early, end=early + SECOND)
        run.answer()


@plant("split-agent")
def _(traces: Traces) -> None:
    for number in range(RUNS):
        other = number % 10 < SHARE * 10
        run = healthy_run(traces, agent_id="shop-helper-eu" if other else "")
        if other:
            traces.planted.add(run.trace_id)
        run.answer()


@plant("double-billing")
def _(traces: Traces) -> None:
    for run, bad in spoilt(traces):
        if bad:
            outer = traces.hex(16)
            start = run.now
            run.parents.append(outer)
            run.llm("Twice told.", prompt=900, completion=12)
            run.parents.pop()
            told: dict[str, Any] = {
                "llm.model_name": run.model,
                "llm.token_count.prompt": 900,
                "llm.token_count.completion": 12,
                "input.value": f"asked {run.number}",
                "output.value": "Twice told.",
                "llm.finish_reason": "stop",
            }
            run.span("ChatOpenAI", "LLM", told, span_id=outer, start=start, end=run.now)
        run.answer()
