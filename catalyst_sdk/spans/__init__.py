"""The span model, the readers of every format, and span facts."""

from catalyst_sdk.spans._conversation import Conversation, Message, Part, ToolDefinition
from catalyst_sdk.spans._extract import facts
from catalyst_sdk.spans._facts import SpanFacts
from catalyst_sdk.spans._formats import READERS
from catalyst_sdk.spans._framing import format_of, framing_of, spans_of_stream
from catalyst_sdk.spans._line import decode_span, encode_span
from catalyst_sdk.spans._open import expand, open_stream
from catalyst_sdk.spans._payload import input_text, messages, output_text
from catalyst_sdk.spans._read import read_spans
from catalyst_sdk.spans._reader import SpanReader
from catalyst_sdk.spans._scan import scan_facts
from catalyst_sdk.spans._shape import projections
from catalyst_sdk.spans._signature import fold_signature
from catalyst_sdk.spans._span import AttributeMap, Event, Link, Span

__all__ = [
    "READERS",
    "AttributeMap",
    "Conversation",
    "Event",
    "Link",
    "Message",
    "Part",
    "Span",
    "SpanFacts",
    "SpanReader",
    "ToolDefinition",
    "decode_span",
    "encode_span",
    "expand",
    "facts",
    "fold_signature",
    "format_of",
    "framing_of",
    "input_text",
    "messages",
    "open_stream",
    "output_text",
    "projections",
    "read_spans",
    "scan_facts",
    "spans_of_stream",
]
