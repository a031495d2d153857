"""Whose run it is: what a root run's config and a graph's name say about agent, session, user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry import context as otel
from opentelemetry.context import Context

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation.langchain_callbacks._run import Run
from catalyst_sdk.instrumentation.langchain_callbacks._scope import Hint
from catalyst_sdk.tracing import AttributeValue, current_identity, identity_of, with_identity

_SESSIONS = ("session_id", "thread_id", "conversation_id")
"""Metadata that LangChain's users name a conversation by."""
_OWN_PREFIXES = ("ls_", "lc_", "langgraph_", "__")
_OWN_METADATA = frozenset(
    {*_SESSIONS, "user_id", "checkpoint_ns", "checkpoint_id", "run_id", "run_attempt", "model"}
)
_OWN_TAGS = ("seq:step:", "map:key:", "graph:step:", "langsmith:", "for:")


def is_agent(hint: Hint | None, above: Run | None) -> bool:
    """Tell whether a graph's run is an agent's: the outermost is, and any that has a name."""
    if hint is None or not hint.graph:
        return False
    if hint.agent_name:
        return True
    while above is not None:
        if above.graph:
            return False
        above = above.above
    return True


def identified(
    context: Context,
    hint: Hint | None,
    *,
    root: bool,
    metadata: Mapping[str, Any] | None,
    tags: Sequence[str] | None,
) -> Context:
    """Give *context* with what this run says of agent, session, user, metadata and tags."""
    if not root and hint is None:
        return context
    changes: dict[str, AttributeValue] = {}
    if hint is not None and hint.agent_name:
        changes.update(identity_of(agent_name=hint.agent_name))
    if root or (hint is not None and hint.graph and context is otel.get_current()):
        changes.update(_conversation(hint, metadata or {}))
    if root and (metadata or tags):
        changes.update(_words_of_the_user(metadata or {}, tags or ()))
    return with_identity(context, changes) if changes else context


def _conversation(hint: Hint | None, metadata: Mapping[str, Any]) -> Mapping[str, AttributeValue]:
    """Session and user, where the program set none itself."""
    known = current_identity()
    session = user = None
    if semconv.SESSION_ID not in known:
        session = hint.session_id if hint is not None else None
        session = session or next((metadata[n] for n in _SESSIONS if metadata.get(n)), None)
    if semconv.USER_ID not in known:
        user = metadata.get("user_id")
    return identity_of(session_id=_word(session), user_id=_word(user))


def _word(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def _words_of_the_user(
    metadata: Mapping[str, Any], tags: Sequence[str]
) -> Mapping[str, AttributeValue]:
    told = {
        key: value
        for key, value in metadata.items()
        if key not in _OWN_METADATA and not key.startswith(_OWN_PREFIXES)
    }
    kept = [tag for tag in tags if not tag.startswith(_OWN_TAGS)]
    return identity_of(metadata=told or None, tags=kept or None)
