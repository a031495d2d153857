"""What any OTLP exporter sends is on disk when it is acknowledged, and rubbish is refused."""

from __future__ import annotations

import gzip
import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import zstandard
from conftest_live import protobuf
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from catalyst_sdk.server.metadata import Keys, Projects, open_database
from catalyst_sdk.store.clickhouse import LiveStore

PROTOBUF = {"Content-Type": "application/x-protobuf"}
JSON = {"Content-Type": "application/json"}


def _body(trace: str, count: int = 1) -> bytes:
    return protobuf([{"trace": trace, "span": f"{n + 1:016x}"} for n in range(count)])


def _stored(server: Any) -> LiveStore:
    """Open the folder of a stopped server."""
    return LiveStore(f"chdb://{server.folder}/store", journal_options={"min_free_bytes": 0})


def test_protobuf_and_json_plain_gzip_and_zstd_are_taken(server: Any) -> None:
    plain = _body("11" * 16)
    span = {"traceId": "12" * 16, "spanId": "12" * 8, "name": "x", "startTimeUnixNano": "1"}
    document = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
    text = json.dumps(document).encode()
    for body, headers in (
        (plain, PROTOBUF),
        (gzip.compress(plain), {**PROTOBUF, "Content-Encoding": "gzip"}),
        (zstandard.compress(plain), {**PROTOBUF, "Content-Encoding": "zstd"}),
        (text, JSON),
        (gzip.compress(text), {**JSON, "Content-Encoding": "gzip"}),
    ):
        answer = server.request("POST", "/v1/traces", body, headers)
        assert answer.status == 200, answer
        assert answer.headers["content-type"].startswith(headers["Content-Type"])


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"rubbish", PROTOBUF, 400, "no OTLP"),
        (b"{", JSON, 400, "no OTLP JSON"),
        (b'{"resourceSpans": 3}', JSON, 400, "resourceSpans"),
        (b"[" * 100_000, JSON, 400, "no OTLP JSON"),
        (b"x", {"Content-Type": "text/plain"}, 415, "text/plain"),
        (b"x", {**PROTOBUF, "Content-Encoding": "br"}, 415, "br"),
        (b"not it", {**PROTOBUF, "Content-Encoding": "gzip"}, 400, "not gzip"),
        (gzip.compress(b"x" * 1000)[:-9], {**PROTOBUF, "Content-Encoding": "gzip"}, 400, "cut off"),
        (b"x", {**PROTOBUF, "Content-Encoding": "zstd"}, 400, "zstd"),
        (b"x" * (33 << 20), PROTOBUF, 413, "larger than 32 MiB"),
        (
            gzip.compress(b"\0" * (200 << 20), 1),
            {**PROTOBUF, "Content-Encoding": "gzip"},
            413,
            "inflates to more than 128 MiB",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_one_sentence(
    server: Any, body: bytes, headers: dict[str, str], status: int, words: str
) -> None:
    try:
        answer = server.request("POST", "/v1/traces", body, headers)
    except (BrokenPipeError, ConnectionResetError):
        assert status == 413  # refused while it was still being sent
        return
    assert answer.status == status
    assert words in answer.json()["error"]


def test_spans_without_proper_ids_are_refused_and_the_rest_is_kept(server: Any) -> None:
    body = protobuf([{"trace": "13" * 16, "span": "13" * 8}, {"trace": "13", "span": ""}])
    answer = server.request("POST", "/v1/traces", body, PROTOBUF)
    response = ExportTraceServiceResponse.FromString(answer.body)
    assert answer.status == 200
    assert response.partial_success.rejected_spans == 1
    assert "16-byte trace id" in response.partial_success.error_message


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_the_official_exporters_send_to_it_unchanged(
    own_server: Callable[..., Any], protocol: str
) -> None:
    exporter: Any
    running = own_server(grpc_port=0 if protocol == "http" else _grpc_port())
    if protocol == "http":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter(f"{running.url}/v1/traces")
    else:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
            OTLPSpanExporter as GrpcExporter,
        )

        exporter = GrpcExporter(f"127.0.0.1:{running._settings['grpc_port']}", insecure=True)
    provider = TracerProvider(resource=Resource({"service.name": "official"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with provider.get_tracer("t").start_as_current_span("work") as span:
        trace_id = f"{span.get_span_context().trace_id:032x}"
    provider.shutdown()
    assert running.stop() == 0

    with _stored(running) as store:
        assert store.flush(30)
        (found,) = store.project("default").trace(trace_id)
    assert (found.name, found.resource["service.name"]) == ("work", "official")


def _grpc_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_what_was_acknowledged_survives_kill_9_of_the_server(
    own_server: Callable[..., Any],
) -> None:
    running = own_server()
    acknowledged: list[str] = []
    for round_number in range(3):
        for n in range(30):
            trace = f"{round_number * 1000 + n + 1:032x}"
            if running.request("POST", "/v1/traces", _body(trace, 5), PROTOBUF).status == 200:
                acknowledged.append(trace)
        running.kill()
        running.restart()
    running.stop()
    with _stored(running) as store:
        assert store.flush(30)
        project = store.project("default")
        assert set(project.trace_ids) == set(acknowledged)
        assert project.totals().spans == 5 * len(acknowledged)


def test_a_key_names_its_project_and_what_it_may_do(own_server: Callable[..., Any]) -> None:
    running = own_server()
    database = open_database(f"sqlite:///{running.folder}/catalyst.db")
    Projects(database).create("shop")
    _, ingest = Keys(database).create("shop", "agent", ["ingest"])
    _, read = Keys(database).create("shop", "reader", ["read"])
    database.dispose()

    def send(trace: str, key: str) -> Any:
        headers = {**PROTOBUF, "Authorization": f"Bearer {key}"}
        return running.request("POST", "/v1/traces", _body(trace), headers)

    assert send("21" * 16, ingest).status == 200
    assert send("22" * 16, read).status == 403
    assert send("23" * 16, "ck_wrong_key").status == 401
    assert running.request("POST", "/v1/traces", _body("24" * 16), PROTOBUF).status == 200
    running.stop()
    assert ingest not in (running.folder / "server.log").read_text()
    with _stored(running) as store:
        assert store.flush(30)
        assert store.project("shop").trace_ids == ["21" * 16]
        assert store.project("default").trace_ids == ["24" * 16]


def test_off_loopback_it_refuses_to_start_without_a_key(
    own_server: Callable[..., Any],
) -> None:
    with pytest.raises(AssertionError, match=r"does not listen on 0\.0\.0\.0"):
        own_server(host="0.0.0.0")


def test_a_foreign_host_name_is_not_answered(server: Any) -> None:
    answer = server.request("GET", "/readyz", headers={"Host": "evil.example"})
    assert answer.status == 421
    assert server.request("GET", "/readyz", headers={"Host": "localhost:1"}).status == 200


def test_unknown_paths_and_methods_answer_in_the_same_shape(server: Any) -> None:
    assert server.request("GET", "/nowhere").json()["code"] == "not_found"
    assert server.request("GET", "/v1/traces").status == 405


def test_it_measures_itself(server: Any) -> None:
    server.request("POST", "/v1/traces", _body("31" * 16, 7), PROTOBUF)
    text = server.request("GET", "/metrics").body.decode()
    assert 'catalyst_ingest_spans_total{protocol="http"}' in text
    assert "catalyst_journal_bytes" in text


def test_many_clients_at_once_lose_nothing(own_server: Callable[..., Any]) -> None:
    running = own_server()
    statuses: list[int] = []

    def client(number: int) -> None:
        for n in range(10):
            trace = f"{number * 100 + n + 1:032x}"
            statuses.append(running.request("POST", "/v1/traces", _body(trace), PROTOBUF).status)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    running.stop()
    assert statuses == [200] * 400
    with _stored(running) as store:
        assert store.flush(30)
        assert store.project("default").totals().traces == 400


def test_a_second_server_on_the_same_folder_is_told_who_has_it(
    own_server: Callable[..., Any],
) -> None:
    own_server()
    with pytest.raises(AssertionError, match="in use by process"):
        own_server()


def test_no_secret_is_kept_in_the_metadata_database(own_server: Callable[..., Any]) -> None:
    running = own_server()
    database = open_database(f"sqlite:///{running.folder}/catalyst.db")
    _, text = Keys(database).create("default", "agent", ["ingest"])
    database.dispose()
    with closing(sqlite3.connect(running.folder / "catalyst.db")) as connection:
        dump = "\n".join(connection.iterdump())
    assert text.split("_", 2)[2] not in dump
