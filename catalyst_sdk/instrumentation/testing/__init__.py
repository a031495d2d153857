"""What any integration is tested with: the contract suite, a span collector, a provider's server.

Needs pytest. A third-party integration subclasses `InstrumentorContract`.
"""

from catalyst_sdk.instrumentation.testing._contract import InstrumentorContract
from catalyst_sdk.instrumentation.testing._recordings import Recording, load_recordings
from catalyst_sdk.instrumentation.testing._replies import (
    Drop,
    Hold,
    Reply,
    bytes_reply,
    error_reply,
    json_reply,
    sse_reply,
)
from catalyst_sdk.instrumentation.testing._server import ProviderServer, Received
from catalyst_sdk.instrumentation.testing._spans import SpanCollector, attributes_of
from catalyst_sdk.instrumentation.testing._tree import span_tree

__all__ = [
    "Drop",
    "Hold",
    "InstrumentorContract",
    "ProviderServer",
    "Received",
    "Recording",
    "Reply",
    "SpanCollector",
    "attributes_of",
    "bytes_reply",
    "error_reply",
    "json_reply",
    "load_recordings",
    "span_tree",
    "sse_reply",
]
