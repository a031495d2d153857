"""Who is at work: the agent, session and user that every span below carries."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import msgspec
from opentelemetry.context import Context, create_key, get_value, set_value

from catalyst_sdk import semconv
from catalyst_sdk.tracing._encode import encode_json
from catalyst_sdk.tracing._plain import readable

AttributeValue = str | bool | int | float | Sequence[str]
Identity = Mapping[str, AttributeValue]

_KEY = create_key("catalyst-identity")
_NOBODY: Identity = MappingProxyType({})
_process_default: Identity = _NOBODY


class Agent(NamedTuple):
    """The agent at work; an absent role is ""."""

    id: str
    name: str
    role: str = ""


def slug(name: str) -> str:
    """Make an id of a name: `Refund agent` gives `refund-agent`."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[\W_]+", "-", plain).strip("-") or name


def identity_of(
    *,
    agent_name: str | None = None,
    agent_id: str | None = None,
    role: str | None = None,
    session_id: str | None = None,
    user_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
) -> dict[str, AttributeValue]:
    """Give the attributes that say this; what is None is left out."""
    if agent_id is None and agent_name is not None:
        agent_id = slug(agent_name)
    words = {
        semconv.AGENT_ID: agent_id,
        semconv.AGENT_NAME: agent_name or agent_id,
        semconv.AGENT_ROLE: role,
        semconv.SESSION_ID: session_id,
        semconv.USER_ID: user_id,
    }
    identity: dict[str, AttributeValue] = {
        key: readable(str(word)) for key, word in words.items() if word is not None
    }
    if metadata:
        identity[semconv.METADATA] = encode_json(metadata)
    if tags:
        identity[semconv.TAGS] = (tags,) if isinstance(tags, str) else tuple(map(str, tags))
    return identity


def current_identity() -> Identity:
    """Give the identity attributes of the current context over those of the process."""
    inner = identity_in(None)
    return {**_process_default, **inner} if inner else _process_default


def identity_in(context: Context | None) -> Identity:
    """Give the identity attributes of *context* (None: the current one) alone."""
    return cast("Identity | None", get_value(_KEY, context)) or _NOBODY


def with_identity(context: Context | None, changes: Identity) -> Context:
    """Give *context* with *changes* over its identity.

    Another agent takes the whole place of the former one; metadata is merged, tags are added.
    """
    merged = dict(identity_in(context))
    if semconv.AGENT_ID in changes:
        merged.pop(semconv.AGENT_ROLE, None)
    if semconv.METADATA in changes and semconv.METADATA in merged:
        metadata = _merge_json(merged[semconv.METADATA], changes[semconv.METADATA])
        changes = {**changes, semconv.METADATA: metadata}
    if semconv.TAGS in changes and semconv.TAGS in merged:
        tags = (*_texts(merged[semconv.TAGS]), *_texts(changes[semconv.TAGS]))
        changes = {**changes, semconv.TAGS: tuple(dict.fromkeys(tags))}
    merged.update(changes)
    return set_value(_KEY, MappingProxyType(merged), context)


def set_process_identity(identity: Identity) -> None:
    """Set what spans outside any `agent_span` or `attributes` carry."""
    global _process_default
    _process_default = identity


def current_agent() -> Agent | None:
    """Give the agent at work here, None when nobody said."""
    identity = current_identity()
    if semconv.AGENT_ID not in identity:
        return None
    return Agent(
        id=str(identity[semconv.AGENT_ID]),
        name=str(identity.get(semconv.AGENT_NAME, identity[semconv.AGENT_ID])),
        role=str(identity.get(semconv.AGENT_ROLE, "")),
    )


def _texts(tags: AttributeValue) -> Sequence[str]:
    return tags if isinstance(tags, Sequence) and not isinstance(tags, str) else (str(tags),)


def _merge_json(outer: AttributeValue, inner: AttributeValue) -> AttributeValue:
    both = [msgspec.json.decode(str(side)) for side in (outer, inner)]
    return encode_json({**both[0], **both[1]}) if all(isinstance(d, dict) for d in both) else inner
