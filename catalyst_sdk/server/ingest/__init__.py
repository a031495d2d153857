"""Taking spans in: OTLP over HTTP and gRPC, acknowledged when on disk."""

from catalyst_sdk.server.ingest._body import inflate, read_body
from catalyst_sdk.server.ingest._grpc import start_grpc
from catalyst_sdk.server.ingest._http import traces

__all__ = ["inflate", "read_body", "start_grpc", "traces"]
