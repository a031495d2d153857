"""The flaws that can be planted: in the shop's systems, the tools, the prompts, the settings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from catalyst_sdk.errors import ConfigError

FLAWS: dict[str, str] = {
    "carrier_timeout": "A carrier's system hangs; the call is repeated unchanged each time.",
    "silent_refund_failure": "Gift-card refunds answer success=false, and nobody looks.",
    "lookup_loop": "Two look-ups each ask for what only the other can give.",
    "tool_never_offered": "The prompt names a warranty tool that the agent does not have.",
    "arguments_break_schema": 'A tool asks for "$45.00" where its schema wants 45.0.',
    "oversized_history": "The order history returns everything since the first purchase.",
    "slow_policy_search": "Searches about customs take seventy times as long as others.",
    "policy_missing": "The policy index lacks a page: searches about gift wrapping find nothing.",
    "answer_cut": "The token limit of an answer is too small for a letter.",
    "step_limit": "One call at a time and seven steps: long orders never get an answer.",
    "customer_repeats": "The prompt forbids the topic, so the customer asks again and again.",
    "rate_limited": "Under load the provider answers 429, and the agent retries at once.",
    "decision_not_json": "The prompt asks for prose before an answer that must be JSON.",
    "prompt_never_cached": "The clock stands first in the prompt, so no prefix is ever cached.",
}
"""Name to one sentence. None of it is known to the analysis, which reads the trace file only."""


def chosen(flaws: Literal["all"] | Collection[str] | None) -> frozenset[str]:
    """Give the names meant by `run_demo`'s argument; raises ConfigError on an unknown one."""
    if flaws is None:
        return frozenset()
    names = FLAWS.keys() if flaws == "all" else flaws
    unknown = sorted(set(names) - FLAWS.keys())
    if unknown:
        raise ConfigError(
            f"Unknown flaw: {', '.join(unknown)}.", hint="Known flaws: " + ", ".join(FLAWS) + "."
        )
    return frozenset(names)
