from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace.export import SpanExportResult

from catalyst_sdk.errors import MissingExtra
from catalyst_sdk.export import OtlpSpanExporter

SUCCESS, FAILURE = SpanExportResult.SUCCESS, SpanExportResult.FAILURE
Script = Callable[[ExportTraceServiceRequest, grpc.ServicerContext], None]


class Service(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, script: Script | None, port: int) -> None:
        self.script = script
        self.taken: list[str] = []
        self.metadata: list[dict[str, Any]] = []
        self.response = ExportTraceServiceResponse()
        self.changed = threading.Condition()
        self.server = grpc.server(
            ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", 100_000)]
        )
        trace_service_pb2_grpc.add_TraceServiceServicer_to_server(self, self.server)
        self.port = self.server.add_insecure_port(f"127.0.0.1:{port}")
        self.server.start()

    def Export(self, request: Any, context: Any) -> ExportTraceServiceResponse:
        self.metadata.append(dict(context.invocation_metadata()))
        if self.script is not None:
            self.script(request, context)
        with self.changed:
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    self.taken += [span.name for span in scope.spans]
            self.changed.notify_all()
        return self.response

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, 30), self.taken[:10]


@pytest.fixture
def serve() -> Iterator[Callable[..., Service]]:
    started: list[Service] = []

    def start(script: Script | None = None, port: int = 0) -> Service:
        started.append(Service(script, port))
        return started[-1]

    yield start
    for service in started:
        service.server.stop(None).wait()


def to(port: int, spool: Path | bool = False, **options: Any) -> OtlpSpanExporter:
    options = {"retry_delay": 0.01, "dialect": "compact", **options}
    url = f"http://127.0.0.1:{port}"
    return OtlpSpanExporter(url, protocol="grpc", spool_dir=spool or False, **options)


def failing(*codes: grpc.StatusCode, **more: Any) -> Script:
    left = list(codes)

    def script(request: Any, context: Any) -> None:
        if left:
            context.set_trailing_metadata(more.get("trailing", ()))
            context.abort(left.pop(0), "not now")

    return script


def test_spans_arrive_with_the_key(serve: Any, make_spans: Any) -> None:
    service = serve()
    exporter = to(service.port, api_key="k-1")
    assert exporter.export(make_spans(1)) is SUCCESS
    assert exporter.probe().ok
    exporter.shutdown()
    assert service.taken == ["step 0", "agent"]
    assert service.metadata[0]["authorization"] == "Bearer k-1"


@pytest.mark.parametrize("spooling", [False, True])
def test_what_may_pass_is_tried_again(
    serve: Any, make_spans: Any, tmp_path: Path, spooling: bool
) -> None:
    codes = [grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED]
    service = serve(failing(*codes))
    exporter = to(service.port, tmp_path if spooling else False)
    assert exporter.export(make_spans(0)) is SUCCESS
    service.wait_for(lambda: service.taken == ["agent"])
    exporter.shutdown()
    assert exporter.dropped == 0


def test_a_refusal_is_dropped_with_its_words(serve: Any, make_spans: Any, tmp_path: Path) -> None:
    exporter = to(serve(failing(grpc.StatusCode.UNAUTHENTICATED)).port, tmp_path)
    assert exporter.export(make_spans(1)) is FAILURE
    assert exporter.dropped == 2
    assert exporter.health().last_error == "gRPC UNAUTHENTICATED: not now"
    exporter.shutdown()


def test_the_servers_wish_for_time_is_obeyed(serve: Any, make_spans: Any, tmp_path: Path) -> None:
    wish = RetryInfo(retry_delay=Duration(seconds=100)).SerializeToString()
    script = failing(grpc.StatusCode.UNAVAILABLE, trailing=(("google.rpc.retryinfo-bin", wish),))
    exporter = to(serve(script).port, tmp_path)
    assert exporter.export(make_spans(0)) is SUCCESS
    assert 90 < exporter.health().retry_in <= 100
    exporter.shutdown()


def test_a_message_that_is_too_large_is_halved(serve: Any, make_spans: Any) -> None:
    service = serve()
    exporter = to(service.port, compression="none")
    assert exporter.export(make_spans(30, filler="x" * 10_000)) is SUCCESS
    exporter.shutdown()
    assert len(service.taken) == 31


def test_partial_success_is_counted(serve: Any, make_spans: Any) -> None:
    service = serve()
    service.response = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=1, error_message="odd")
    )
    exporter = to(service.port)
    assert exporter.export(make_spans(1)) is SUCCESS
    exporter.shutdown()
    assert (exporter.health().delivered, exporter.dropped) == (1, 1)


def test_down_then_up_loses_nothing(
    serve: Any, make_spans: Any, tmp_path: Path, free_port: int
) -> None:
    exporter = to(free_port, tmp_path)
    for _ in range(3):
        assert exporter.export(make_spans(1)) is SUCCESS
    service = serve(port=free_port)
    service.wait_for(lambda: len(service.taken) == 6)
    exporter.shutdown()
    assert exporter.health().spooled_files == 0


def test_without_grpc_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"\[grpc\]"):
        to(4317)
