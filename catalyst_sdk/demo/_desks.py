"""The demo's two agents: the support desk, and the returns desk it hands over to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openai import OpenAI

from catalyst_sdk import agent_span
from catalyst_sdk.demo._agent import Agent, Chat, Settings
from catalyst_sdk.demo._policies import support_prompt, triage_prompt
from catalyst_sdk.demo._systems import Systems
from catalyst_sdk.demo._toolbox import Toolbox, offered

_SUPPORT_MODEL = "gpt-5.4-mini"
_TRIAGE_MODEL = "gpt-5.4-nano"

_TOO_FEW_STEPS = 7
_TOO_FEW_TOKENS = 180
_ATTEMPTS_AT_ONCE = 5
_ATTEMPTS_AT_JSON = 2


@dataclass
class SupportDesk:
    """Serves one customer: each message is a turn of the same session."""

    client: OpenAI
    systems: Systems
    flaws: frozenset[str]
    session_id: str
    user_id: str
    stream: bool = False
    _chat: Chat = field(default_factory=list[dict[str, Any]])

    def reply(self, text: str) -> str:
        """Answer the customer's next message; "" when no answer was reached."""
        from openai import RateLimitError

        self._chat.append({"role": "user", "content": text})
        try:
            return self._turn(text)
        except RateLimitError:
            return ""

    def _turn(self, text: str) -> str:
        agent = self._agent()
        with agent_span(
            "Aurora support",
            agent_id="aurora-support",
            role="front desk",
            session_id=self.session_id,
            user_id=self.user_id,
        ) as span:
            span.set_input(text)
            answer = agent.answer(self._chat)
            span.set_output(answer)
            return answer

    def _agent(self) -> Agent:
        settings = Settings(model=_SUPPORT_MODEL, stream=self.stream)
        if "step_limit" in self.flaws:
            settings = replace(settings, max_steps=_TOO_FEW_STEPS)
        if "answer_cut" in self.flaws:
            settings = replace(settings, max_completion_tokens=_TOO_FEW_TOKENS)
        if "rate_limited" in self.flaws:
            settings = replace(settings, attempts=_ATTEMPTS_AT_ONCE)
        prompt = support_prompt(self.flaws)
        returns = ReturnsDesk(self.client, self.systems, self.flaws)
        toolbox = Toolbox(self.systems, hand_off=returns.decide)
        return Agent(self.client, lambda: prompt, offered(self.flaws), toolbox, settings)


@dataclass(frozen=True)
class ReturnsDesk:
    """Decides on returns that the support desk hands over."""

    client: OpenAI
    systems: Systems
    flaws: frozenset[str]

    def decide(self, order_id: str, customer_words: str) -> dict[str, Any]:
        """Give the decision on an order as the agent's JSON object."""
        question = f"Order {order_id}. The customer wrote: {customer_words}"
        with agent_span("Returns triage", agent_id="returns-triage", role="returns desk") as span:
            span.set_input(question)
            decision = self._decided([{"role": "user", "content": question}])
            span.set_output(json.dumps(decision))
            return decision

    def _decided(self, chat: Chat) -> dict[str, Any]:
        agent = Agent(
            self.client,
            lambda: triage_prompt(self.flaws, datetime.now(timezone.utc).isoformat()),
            offered(self.flaws, "get_order", "search_policies"),
            Toolbox(self.systems),
            Settings(model=_TRIAGE_MODEL, json_answer=True),
        )
        for _ in range(_ATTEMPTS_AT_JSON):
            try:
                return json.loads(agent.answer(chat))
            except json.JSONDecodeError:
                chat.append({"role": "user", "content": "Please return only the JSON object."})
        return {"decision": "inspect", "note": "A colleague will look at this."}
