"""The span model, the readers of every format, and span facts."""

from catalyst_sdk.spans._facts import SpanFacts
from catalyst_sdk.spans._span import AttributeMap, Event, Link, Span

__all__ = ["AttributeMap", "Event", "Link", "Span", "SpanFacts"]
