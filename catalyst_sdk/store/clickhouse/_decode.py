"""A batch as received, back to spans."""

from __future__ import annotations

import gzip
import io
import zlib

from catalyst_sdk.errors import BadInput, BadLine
from catalyst_sdk.spans import Span
from catalyst_sdk.spans._framing import spans_of_stream
from catalyst_sdk.spans._otlp_proto import spans_of_protobuf
from catalyst_sdk.store.journal import Batch


def decode(batch: Batch) -> list[Span]:
    """Give the spans of a batch; BadInput when it cannot be read at all."""
    body = _inflated(batch)
    if "protobuf" in batch.content_type:
        spans = spans_of_protobuf(body)
        if spans is None:
            raise BadInput("The body is no OTLP protobuf message.")
        return spans
    return list(spans_of_stream(io.BytesIO(body), batch.content_type, _ignore))


def _inflated(batch: Batch) -> bytes:
    if not batch.encoding:
        return batch.body
    try:
        if batch.encoding == "gzip":
            return gzip.decompress(batch.body)
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj().decompress(batch.body)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise BadInput(f"The body is not whole {batch.encoding} data.") from error


def _ignore(_: BadLine) -> None:
    """Ingest has told the sender; here the good part is kept."""
