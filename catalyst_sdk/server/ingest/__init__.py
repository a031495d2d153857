"""Taking spans in: OTLP over HTTP and gRPC, acknowledged when on disk."""

from catalyst_sdk.server.ingest._grpc import start_grpc
from catalyst_sdk.server.ingest._http import traces

__all__ = ["start_grpc", "traces"]
