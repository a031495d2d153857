"""The span model, the readers of every format, and span facts."""

from catalyst_sdk.spans._extract import facts
from catalyst_sdk.spans._facts import SpanFacts
from catalyst_sdk.spans._line import decode_span, encode_span
from catalyst_sdk.spans._open import open_stream
from catalyst_sdk.spans._read import read_spans
from catalyst_sdk.spans._scan import scan_facts
from catalyst_sdk.spans._shape import projections
from catalyst_sdk.spans._signature import fold_signature
from catalyst_sdk.spans._span import AttributeMap, Event, Link, Span

__all__ = [
    "AttributeMap",
    "Event",
    "Link",
    "Span",
    "SpanFacts",
    "decode_span",
    "encode_span",
    "facts",
    "fold_signature",
    "open_stream",
    "projections",
    "read_spans",
    "scan_facts",
]
