"""What every instrumentor of a model provider shares: the call's span, its content, who bills."""

from catalyst_sdk.instrumentation.llm._answer import Answer, Reader, Usage
from catalyst_sdk.instrumentation.llm._call import ModelCall, Request
from catalyst_sdk.instrumentation.llm._claim import Claim, ClaimProcessor, current_claim, open_claim
from catalyst_sdk.instrumentation.llm._cost import Pricing
from catalyst_sdk.instrumentation.llm._json import as_list, as_object, to_json
from catalyst_sdk.instrumentation.llm._live import (
    Openable,
    drop,
    end_open_calls,
    forget,
    keep_open,
    settle_dropped,
)
from catalyst_sdk.instrumentation.llm._media import digest, digest_base64, digest_data_url
from catalyst_sdk.instrumentation.llm._stream import (
    AsyncObserver,
    StreamWatch,
    SyncObserver,
)

__all__ = [
    "Answer",
    "AsyncObserver",
    "Claim",
    "ClaimProcessor",
    "ModelCall",
    "Openable",
    "Pricing",
    "Reader",
    "Request",
    "StreamWatch",
    "SyncObserver",
    "Usage",
    "as_list",
    "as_object",
    "current_claim",
    "digest",
    "digest_base64",
    "digest_data_url",
    "drop",
    "end_open_calls",
    "forget",
    "keep_open",
    "open_claim",
    "settle_dropped",
    "to_json",
]
