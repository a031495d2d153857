"""What of a span's content may leave the process."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, Status

from catalyst_sdk import semconv
from catalyst_sdk.errors import ConfigError
from catalyst_sdk.export._copy import SpanCopy, attributes_of
from catalyst_sdk.export._nested import parse_container, rewrite_texts, to_text
from catalyst_sdk.export._notice import Notices

if TYPE_CHECKING:
    from catalyst_sdk.export._redaction import Redact, Redactor

_log = logging.getLogger("catalyst_sdk.export")

_FAILED = "[redaction failed]"
_CONTENT = frozenset(
    {
        semconv.INPUT_VALUE, semconv.INPUT_MIME_TYPE, semconv.OUTPUT_VALUE,
        semconv.OUTPUT_MIME_TYPE, semconv.LLM_INPUT_MESSAGES, semconv.LLM_OUTPUT_MESSAGES,
        semconv.TOOL_PARAMETERS, semconv.RETRIEVAL_DOCUMENTS, "llm.prompts", "llm.completions",
        "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions",
        "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.prompt",
        "gen_ai.completion",
    }
)  # fmt: skip
_CONTENT_PREFIXES = (
    "llm.input_messages.", "llm.output_messages.", "retrieval.documents.", "gen_ai.prompt.",
    "gen_ai.completion.", "embedding.embeddings.", "reranker.",
)  # fmt: skip
_MESSAGES = frozenset(
    {
        semconv.LLM_INPUT_MESSAGES, semconv.LLM_OUTPUT_MESSAGES,
        "gen_ai.input.messages", "gen_ai.output.messages",
    }
)  # fmt: skip
_TRUNCATED_TOO = frozenset({"exception.message", "exception.stacktrace", semconv.METADATA})
# Words of a fixed vocabulary and the ids that hold traces together: never redacted.
_STRUCTURE = frozenset(
    {
        semconv.SPAN_KIND, semconv.INPUT_MIME_TYPE, semconv.OUTPUT_MIME_TYPE, semconv.AGENT_ID,
        semconv.AGENT_NAME, semconv.SESSION_ID, semconv.LLM_MODEL_NAME,
        semconv.LLM_REQUEST_MODEL_NAME, semconv.LLM_PROVIDER, semconv.LLM_SYSTEM,
        semconv.LLM_FINISH_REASON, semconv.LLM_RESPONSE_ID, semconv.LLM_STREAM_OUTCOME,
        semconv.TOOL_NAME, semconv.TOOL_CALL_ID,
    }
)  # fmt: skip


class ContentPolicy:
    """Whether content leaves at all (*capture*), what of it is blotted out, and how much is kept.

    *redact* applies to every text of a span but its ids and fixed words: attributes, event and
    link attributes, the name, the status message. A text whose redactor raises is replaced by
    "[redaction failed]". *max_chars* is the longest text kept: of a value, of each message.
    """

    def __init__(
        self,
        capture: bool = True,
        redact: Redact | Iterable[Redact] | None = None,
        max_chars: int | None = None,
    ) -> None:
        if max_chars is not None and max_chars < 0:
            raise ConfigError(f"max_chars must not be negative: {max_chars}.")
        self.capture = capture
        self.max_chars = max_chars
        self._redactor = _redactor(redact) if redact is not None else None
        self._notices = Notices(_log)

    @property
    def active(self) -> bool:
        """Whether it changes anything."""
        return not self.capture or self._redactor is not None or self.max_chars is not None

    def apply(self, span: ReadableSpan) -> ReadableSpan:
        """*span* as it may leave: itself when nothing changes, else a copy."""
        if not self.active:
            return span
        try:
            return self._applied(span)
        except Exception as error:  # noqa: BLE001 - content we fail to handle does not leave
            cause = type(error).__name__
            self._notices.warn(cause, "%s while redacting a span: its content is dropped.", cause)
            attributes = {k: v for k, v in attributes_of(span).items() if k in _STRUCTURE}
            status = Status(span.status.status_code)
            return SpanCopy(
                span, name=_FAILED, attributes=attributes, status=status, events=(), links=()
            )

    def _applied(self, span: ReadableSpan) -> ReadableSpan:
        status = span.status
        if status.description:
            status = Status(status.status_code, self._text(status.description, "exception.message"))
        return SpanCopy(
            span,
            name=self._redacted(span.name, ""),
            attributes=self._attributes(attributes_of(span)),
            status=status,
            events=[self._event(event) for event in span.events],
            links=[self._link(link) for link in span.links],
        )

    def _attributes(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: value if key in _STRUCTURE else self._value(key, value)
            for key, value in attributes.items()
            if self.capture or not is_content(key)
        }

    def _value(self, key: str, value: Any) -> Any:
        value = self._redacted(value, key)
        if self.max_chars is not None and isinstance(value, str):
            if key in _MESSAGES:
                return _shorten_each(value, self.max_chars)
            if key in _TRUNCATED_TOO or is_content(key):
                return _shorten(value, self.max_chars)
        return value

    def _text(self, text: str, key: str) -> str:
        return self._value(key, text)

    def _redacted(self, value: Any, key: str) -> Any:
        if self._redactor is None or value is None:
            return value
        if isinstance(value, str) and not self._redactor.may_change(value, key):
            return value
        return rewrite_texts(value, self._redact, key)

    def _redact(self, text: str, name: str) -> str:
        assert self._redactor is not None
        try:
            return self._redactor(text, name)
        except Exception as error:  # noqa: BLE001 - a redactor is the user's code
            cause = type(error).__name__
            # Its message may quote the text: only its type is said.
            self._notices.warn(cause, "A redactor raised %s: the content is dropped.", cause)
            return _FAILED

    def _event(self, event: Event) -> Event:
        return Event(
            self._redacted(event.name, ""),
            self._attributes(event.attributes or {}),
            event.timestamp,
        )

    def _link(self, link: Link) -> Link:
        return Link(link.context, self._attributes(link.attributes or {}))


def _redactor(redact: Redact | Iterable[Redact]) -> Redactor:
    from catalyst_sdk.export._redaction import Redactor

    return Redactor(redact)


def is_content(key: str) -> bool:
    """Whether an attribute of this name carries what people and models say."""
    return key in _CONTENT or key.startswith(_CONTENT_PREFIXES)


def _shorten(text: str, limit: int) -> str:
    """At most *limit* characters and a note; JSON stays JSON when shorter texts in it suffice."""
    if len(text) <= limit:
        return text
    for share in (limit, limit // 2, limit // 4):
        shorter = _shorten_each(text, share)
        if len(shorter) <= limit:
            return shorter
    return _cut(text, limit)


def _shorten_each(text: str, limit: int) -> str:
    parsed = parse_container(text)
    if parsed is None:
        return text if len(text) <= limit else _cut(text, limit)
    return to_text(rewrite_texts(parsed, lambda leaf, _: _shorten(leaf, limit), ""))


def _cut(text: str, limit: int) -> str:
    return f"{text[:limit]}… [{len(text) - limit} more characters]"
