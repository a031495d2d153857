from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace.export import SpanExportResult

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.export import BatchProcessor, OtlpSpanExporter
from catalyst_sdk.export.otlp._request import encode, to_json
from export.backend import Backend, Got, Reply, kept_names

SUCCESS, FAILURE = SpanExportResult.SUCCESS, SpanExportResult.FAILURE
Start = Callable[..., Backend]


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def to(backend: Backend | str, spool: Path | bool = False, **options: Any) -> OtlpSpanExporter:
    url = backend if isinstance(backend, str) else backend.url
    options = {"retry_delay": 0.01, "dialect": "compact", **options}
    return OtlpSpanExporter(url, spool_dir=spool or False, **options)


def in_turn(*replies: Reply) -> Callable[[Got], Reply]:
    """Each reply once, the last for ever."""
    left = list(replies)
    return lambda got: left.pop(0) if len(left) > 1 else left[0]


def step_names(count: int) -> list[str]:
    return [*(f"step {n}" for n in range(count)), "agent"]


def test_spans_arrive_as_protobuf_gzipped_with_the_key(
    start_backend: Start, make_spans: Any
) -> None:
    backend = start_backend()
    exporter = to(backend, api_key="k-1\n", headers={"X-Project": "p"})
    assert exporter.export(make_spans(2)) is SUCCESS
    exporter.shutdown()
    (got,) = backend.got
    assert got.path == "/v1/traces"
    assert got.headers["content-type"] == "application/x-protobuf"
    assert got.headers["content-encoding"] == "gzip"
    assert got.headers["authorization"] == "Bearer k-1"
    assert got.headers["x-project"] == "p"
    assert got.names == step_names(2)
    assert got.request.resource_spans[0].resource.attributes[0].value.string_value == "shop"
    assert exporter.health().delivered == 3


def test_json_has_hex_ids_and_integers_as_text(start_backend: Start, make_spans: Any) -> None:
    backend = start_backend()
    exporter = to(backend, protocol="http/json", compression="none")
    spans = make_spans(1, tokens=5, ok=True, ratio=0.5, tags=["a", "b"])
    assert exporter.export(spans) is SUCCESS
    exporter.shutdown()
    (got,) = backend.got
    assert "content-encoding" not in got.headers
    span = got.document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    context = spans[0].context
    assert span["traceId"] == f"{context.trace_id:032x}"
    assert span["spanId"] == f"{context.span_id:016x}"
    assert span["parentSpanId"] == f"{spans[1].context.span_id:016x}"
    assert span["startTimeUnixNano"] == str(spans[0].start_time)
    assert span["kind"] == 1
    attributes = {pair["key"]: pair["value"] for pair in span["attributes"]}
    assert attributes["tokens"] == {"intValue": "5"}
    assert attributes["ok"] == {"boolValue": True}
    assert attributes["ratio"] == {"doubleValue": 0.5}
    assert attributes["tags"] == {
        "arrayValue": {"values": [{"stringValue": "a"}, {"stringValue": "b"}]}
    }


def test_the_json_means_what_the_protobuf_means(make_spans: Any) -> None:
    spans = make_spans(
        3, a=1, b=1.5, c=False, d="é", e=[1, 2], f=b"\x00\xff", g={"k": ["v"]}, h=float("inf")
    )
    body = encode(spans).body
    document = json.loads(to_json(body))
    for resource in document["resourceSpans"]:
        for span in (span for scope in resource["scopeSpans"] for span in scope["spans"]):
            for name in ("traceId", "spanId", "parentSpanId"):
                span[name] = __import__("base64").b64encode(bytes.fromhex(span[name])).decode()
    request = Got("", {}, body).request
    parsed = json_format.ParseDict(document, type(request)())
    assert parsed == request


def test_a_server_that_takes_no_protobuf_gets_json_from_then_on(
    start_backend: Start, make_spans: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def json_only(got: Got) -> Reply:
        return Reply(200 if got.headers["content-type"] == "application/json" else 415)

    backend = start_backend(json_only)
    exporter = to(backend)
    with caplog.at_level(logging.WARNING):
        assert exporter.export(make_spans(0)) is SUCCESS
        assert exporter.export(make_spans(1)) is SUCCESS
    exporter.shutdown()
    assert [got.headers["content-type"][12:] for got in backend.got] == [
        "x-protobuf",
        "json",
        "json",
    ]
    assert backend.taken == ["agent", "step 0", "agent"]
    assert len(caplog.records) == 1
    assert exporter.health().protocol == "http/json"


def test_a_server_that_takes_neither_refuses(start_backend: Start, make_spans: Any) -> None:
    exporter = to(start_backend(lambda got: Reply(415)))
    assert exporter.export(make_spans(0)) is FAILURE
    assert exporter.dropped == 1
    exporter.shutdown()


def test_requests_are_bounded_in_bytes(start_backend: Start, make_spans: Any) -> None:
    backend = start_backend()
    exporter = to(backend, max_request_bytes=20_000)
    assert exporter.export(make_spans(30, filler="x" * 3_000)) is SUCCESS
    exporter.shutdown()
    assert max(len(got.body) for got in backend.got) <= 20_000
    assert backend.taken == step_names(30)


@pytest.mark.parametrize("spooling", [False, True])
def test_413_halves_the_request_until_it_is_taken(
    start_backend: Start, make_spans: Any, spool: Path, spooling: bool
) -> None:
    backend = start_backend(lambda got: Reply(413 if len(got.names) > 2 else 200))
    exporter = to(backend, spool if spooling else False)
    assert exporter.export(make_spans(8)) is SUCCESS
    exporter.shutdown()
    assert backend.taken == step_names(8)
    assert exporter.dropped == 0


def test_one_span_that_is_too_large_is_dropped_and_counted(
    start_backend: Start, make_spans: Any
) -> None:
    backend = start_backend(lambda got: Reply(413 if "step 1" in got.names else 200))
    exporter = to(backend)
    assert exporter.export(make_spans(3)) is FAILURE
    exporter.shutdown()
    assert backend.taken == ["step 0", "step 2", "agent"]
    assert exporter.dropped == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_refusals_are_not_repeated_and_the_servers_words_are_said_once(
    start_backend: Start,
    make_spans: Any,
    spool: Path,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    reply = Reply(status, {"Content-Type": "application/json"}, b'{"message": "no such project"}')
    backend = start_backend(lambda got: reply)
    exporter = to(backend, spool)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert exporter.export(make_spans(1)) is FAILURE
    exporter.shutdown()
    assert len(backend.got) == 3
    assert exporter.dropped == 6
    assert exporter.health().spooled_files == 0
    (record,) = caplog.records
    assert f"HTTP {status}" in record.getMessage()
    assert "no such project" in record.getMessage()


def test_a_redirect_is_not_followed_but_named(start_backend: Start, make_spans: Any) -> None:
    backend = start_backend(lambda got: Reply(301, {"Location": "https://elsewhere.example"}))
    exporter = to(backend)
    assert exporter.export(make_spans(0)) is FAILURE
    assert "https://elsewhere.example" in exporter.health().last_error
    exporter.shutdown()


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("spooling", [False, True])
def test_what_may_pass_is_tried_again(
    start_backend: Start, make_spans: Any, spool: Path, status: int, spooling: bool
) -> None:
    backend = start_backend(in_turn(Reply(status), Reply(status), Reply(200)))
    exporter = to(backend, spool if spooling else False)
    assert exporter.export(make_spans(1)) is SUCCESS
    backend.wait_for(lambda: backend.taken == ["step 0", "agent"])
    exporter.shutdown()
    assert exporter.dropped == 0
    assert exporter.health().spooled_files == 0


def test_retry_after_is_obeyed(start_backend: Start, make_spans: Any, spool: Path) -> None:
    backend = start_backend(in_turn(Reply(429, {"Retry-After": "100"}), Reply(200)))
    exporter = to(backend, spool)
    assert exporter.export(make_spans(0)) is SUCCESS
    assert 90 < exporter.health().retry_in <= 100
    assert exporter.export(make_spans(1)) is SUCCESS  # kept without asking
    assert len(backend.got) == 1
    assert exporter.health().spooled_files == 2
    exporter.shutdown()


def test_retry_after_may_be_a_date(start_backend: Start, make_spans: Any, spool: Path) -> None:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 120))
    exporter = to(start_backend(lambda got: Reply(503, {"Retry-After": date})), spool)
    exporter.export(make_spans(0))
    assert 100 < exporter.health().retry_in <= 121
    exporter.shutdown()


def test_without_a_spool_patience_ends(start_backend: Start, make_spans: Any) -> None:
    backend = start_backend(lambda got: Reply(503))
    exporter = to(backend, patience=0.2)
    assert exporter.export(make_spans(2)) is FAILURE
    assert exporter.dropped == 3
    assert len(backend.got) > 1
    exporter.shutdown()


@pytest.mark.parametrize("as_json", [False, True])
def test_partial_success_is_counted_and_said(
    start_backend: Start, make_spans: Any, caplog: pytest.LogCaptureFixture, as_json: bool
) -> None:
    said = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=2, error_message="too old")
    )
    body = json_format.MessageToJson(said).encode() if as_json else said.SerializeToString()
    kind = "application/json" if as_json else "application/x-protobuf"
    backend = start_backend(lambda got: Reply(200, {"Content-Type": kind}, body))
    exporter = to(backend, protocol="http/json" if as_json else "http/protobuf")
    with caplog.at_level(logging.WARNING):
        assert exporter.export(make_spans(4)) is SUCCESS
    exporter.shutdown()
    assert (exporter.health().delivered, exporter.dropped) == (3, 2)
    assert "too old" in caplog.text


def test_a_backend_that_is_down_gets_everything_when_it_is_up(
    start_backend: Start,
    make_spans: Any,
    spool: Path,
    free_port: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    exporter = to(f"http://127.0.0.1:{free_port}", spool)
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            assert exporter.export(make_spans(2)) is SUCCESS
        assert exporter.health().spooled_files == 5
        backend = start_backend(port=free_port)
        backend.wait_for(lambda: len(backend.taken) == 15)
    exporter.shutdown()
    assert sorted(backend.taken) == sorted(step_names(2) * 5)
    assert exporter.health().spooled_files == 0
    assert exporter.dropped == 0
    assert [r.getMessage().split(". ")[-1] for r in caplog.records] == [
        "Spans are kept and sent later.",
        f"http://127.0.0.1:{free_port}/v1/traces takes spans again.",
    ]


def test_a_server_that_hangs_does_not_keep_spans_from_the_spool(
    start_backend: Start, make_spans: Any, spool: Path
) -> None:
    let_go = threading.Event()

    def hang(got: Got) -> Reply:
        let_go.wait(60)
        return Reply()

    exporter = to(start_backend(hang), spool, timeout=0.2, retry_delay=60)
    assert exporter.export(make_spans(1)) is SUCCESS
    assert exporter.health().spooled_files == 1
    assert "Timeout" in exporter.health().last_error
    exporter.shutdown()
    let_go.set()


def test_what_hangs_when_the_time_is_over_is_in_the_spool(
    start_backend: Start, make_spans: Any, spool: Path
) -> None:
    let_go = threading.Event()

    def hang(got: Got) -> Reply:
        let_go.wait(60)
        return Reply(503)

    backend = start_backend(hang)
    processor = BatchProcessor(to(backend, spool, timeout=60))
    for span in make_spans(0):
        processor.on_end(span)
    processor._wake_up()
    backend.wait_for(lambda: len(backend.got) == 1)
    for span in make_spans(2):
        processor.on_end(span)
    processor.shutdown(300)
    assert processor.dropped == 0
    let_go.set()
    assert sorted(kept_names(spool)) == ["agent", "agent", "step 0", "step 1"]


def test_a_request_on_which_the_server_breaks_is_given_up_when_others_pass(
    start_backend: Start, make_spans: Any, spool: Path
) -> None:
    backend = start_backend(lambda got: Reply(500 if "step 0" in got.names else 200))
    exporter = to(backend, spool, retry_delay=0.001)
    assert exporter.export(make_spans(1)) is SUCCESS
    exported = 2
    while not exporter.dropped:
        assert exporter.export(make_spans(0)) is SUCCESS
        exported += 1
        assert exported < 10_000
    exporter.shutdown()
    assert exporter.dropped == 2


def test_probe_and_health_tell_how_things_are(start_backend: Start, free_port: int) -> None:
    backend = start_backend()
    up = to(backend)
    assert up.probe().ok
    assert up.probe().latency_ms > 0
    assert up.health().endpoint == f"{backend.url}/v1/traces"
    down = to(f"http://127.0.0.1:{free_port}")
    probe = down.probe()
    assert not probe.ok
    assert "refused" in probe.words
    refusing = to(start_backend(lambda got: Reply(401, body=b"bad key")))
    assert refusing.probe().words == "HTTP 401 bad key"
    for exporter in (up, down, refusing):
        exporter.shutdown()


CHILDREN = """
import os, sys
from opentelemetry.sdk.trace import TracerProvider
from catalyst_sdk.export import BatchProcessor, OtlpSpanExporter

provider = TracerProvider()
provider.add_span_processor(BatchProcessor(OtlpSpanExporter(sys.argv[1], spool_dir=False)))
tracer = provider.get_tracer("t")
tracer.start_span("before").end()
assert provider.force_flush()
pids = []
for child in range(3):
    pid = os.fork()
    if pid == 0:
        tracer.start_span(f"child {child}").end()
        os._exit(0 if provider.force_flush() else 1)
    pids.append(pid)
for pid in pids:
    assert os.waitpid(pid, 0)[1] == 0
tracer.start_span("after").end()
provider.shutdown()
"""


def test_after_a_fork_parent_and_children_have_their_own_connections(
    start_backend: Start,
) -> None:
    backend = start_backend()
    subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", CHILDREN, backend.url],
        check=True,
        timeout=60,
    )
    assert sorted(backend.taken) == ["after", "before", "child 0", "child 1", "child 2"]


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ("http://localhost:8799", "http://localhost:8799/v1/traces"),
        ("http://localhost:8799/", "http://localhost:8799/v1/traces"),
        ("localhost:8799", "http://localhost:8799/v1/traces"),
        ("collector.example", "https://collector.example/v1/traces"),
        ("https://h.example/v1/traces", "https://h.example/v1/traces"),
        ("https://h.example/v1", "https://h.example/v1/traces"),
        ("https://h.example/api/public/otel", "https://h.example/api/public/otel/v1/traces"),
        ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
        ("https://me:pw@h.example", "https://h.example/v1/traces"),
    ],
)
def test_endpoints_are_taken_as_people_write_them(written: str, exact: str) -> None:
    assert to(written).endpoint == exact


@pytest.mark.parametrize("wrong", ["", "ftp://h", "http://", "http://h:notaport"])
def test_an_endpoint_that_is_none_is_told_at_once(wrong: str) -> None:
    with pytest.raises(ConfigError, match="cannot be used"):
        to(wrong)


def test_other_settings_typed_wrong_are_told_at_once() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'openinference'"):
        to("localhost", dialect="open-inference")
    with pytest.raises(ConfigError, match="protocol 'http'"):
        to("localhost", protocol="http")
    with pytest.raises(ConfigError, match="compression"):
        to("localhost", compression="lz4")


def test_values_protobuf_cannot_carry_are_mended_without_a_traceback(
    start_backend: Start, make_spans: Any, caplog: pytest.LogCaptureFixture
) -> None:
    backend = start_backend()
    exporter = to(backend)
    with caplog.at_level(logging.WARNING):
        assert exporter.export(make_spans(1, lone="a\ud800", long=2**70)) is SUCCESS
    exporter.shutdown()
    pairs = backend.got[0].request.resource_spans[0].scope_spans[0].spans[0].attributes
    values = {pair.key: pair.value.string_value for pair in pairs}
    assert values["lone"] == "a\ufffd"
    assert values["long"] == str(2**70)
    assert caplog.records == []


def test_netrc_does_not_replace_the_key(
    start_backend: Start, make_spans: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    backend = start_backend()
    exporter = to(backend, api_key="mine")
    exporter.export(make_spans(0))
    exporter.shutdown()
    assert backend.got[0].headers["authorization"] == "Bearer mine"


def test_endless_nesting_costs_its_depth_not_the_batch(
    start_backend: Start, make_spans: Any
) -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan

    good = make_spans(0)
    odd = ReadableSpan("odd", good[0].context, resource=Resource({}), attributes={"d": deep})
    backend = start_backend()
    for protocol in ("http/protobuf", "http/json"):
        exporter = to(backend, protocol=protocol, dialect="openinference")
        assert exporter.export([odd, *good]) is SUCCESS
        exporter.shutdown()
    assert sorted(backend.taken) == ["agent", "agent", "odd", "odd"]


def test_a_key_the_server_quotes_is_not_logged(
    start_backend: Start, make_spans: Any, caplog: pytest.LogCaptureFixture
) -> None:
    backend = start_backend(lambda got: Reply(401, body=got.headers["authorization"].encode()))
    exporter = to(backend, api_key="my-own-key")
    with caplog.at_level(logging.WARNING):
        exporter.export(make_spans(0))
    exporter.shutdown()
    assert "my-own-key" not in caplog.text + exporter.health().last_error
