"""The API answers what the store holds, a page at a time, and refuses in one shape."""

from __future__ import annotations

import gzip
import http.client
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from catalyst_sdk.client import Client
from catalyst_sdk.errors import AmbiguousId, BadInput, ConfigError, NotFound, Unauthorised
from catalyst_sdk.server.api import API, ENDPOINTS
from catalyst_sdk.spans import decode_span, facts, read_spans
from cli.sample import FAILED, FINE, OTHER, write_sample
from server.two_projects import HIDDEN, TwoProjects, get, hidden_line, new_project, post, set_up


@pytest.fixture(scope="module")
def two(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoProjects]:
    with ExitStack() as clients:
        yield set_up(server, tmp_path_factory.mktemp("api"), clients, "shop", "other")


@pytest.fixture(scope="module")
def shop(two: TwoProjects) -> Client:
    return two.shop


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def test_traces_come_newest_first_and_a_filter_keeps_those_that_meet_it(shop: Client) -> None:
    assert [item.trace_id for item in shop.traces().items] == [OTHER, FINE, FAILED]
    failed = shop.traces(q="status:error").items
    assert [(item.trace_id, item.failed_step) for item in failed] == [(FAILED, "lookup_order")]
    assert [item.trace_id for item in shop.traces(q="attr.tenant=acme").items] == [FAILED]
    assert shop.traces(range="1h").items == []
    assert [item.trace_id for item in shop.traces(to="2025-10-09T09:00:00Z").items] == [FAILED]


@pytest.mark.parametrize("what", ["traces", "spans", "sessions"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_hold_every_row_once_in_order(shop: Client, what: str, order: str) -> None:
    read = getattr(shop, what)
    whole = read(order=order).items
    paged: list[Any] = []
    cursor = None
    while True:
        page = read(order=order, limit=1, cursor=cursor)
        paged += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert paged == whole
    assert getattr(shop, f"count_{what}")().count == len(whole)


def test_a_trace_comes_with_its_spans_its_lines_and_as_columns(
    shop: Client, two: TwoProjects
) -> None:
    found = shop.trace(FAILED[:6])
    assert (found.trace.trace_id, found.trace.failed_step) == (FAILED, "lookup_order")
    assert [span.kind for span in found.spans] == ["AGENT", "LLM", "TOOL", "LLM"]
    stored = [line for line in two.file.read_bytes().splitlines(True) if FAILED.encode() in line]
    assert shop.raw(FAILED) == stored
    tree = shop.tree(FAILED)
    assert tree.span_id == [span.span_id for span in found.spans]
    assert tree.parent == [-1, 0, 0, 0]
    assert [tree.names[number] for number in tree.name] == [span.name for span in found.spans]
    assert tree.status == [1, 1, 2, 1]
    assert tree.errors == {"2": "Tool timed out after 30s"}


def test_a_tree_is_sent_once(two: TwoProjects) -> None:
    path = f"{API}/traces/{FAILED}/tree"
    first = get(two.server, path, two.shop_key)
    key = {"Authorization": f"Bearer {two.shop_key}"}
    tag = {"If-None-Match": first.headers["etag"], **key}
    assert two.server.request("GET", path, None, tag).status == 304
    version = first.json()["version"]
    assert get(two.server, f"{path}?after={version}", two.shop_key).status == 304
    assert get(two.server, f"{path}?after={version - 1}", two.shop_key).status == 200


def test_a_payload_is_read_in_pieces(shop: Client) -> None:
    tool = shop.trace(FAILED).spans[2].span_id
    text, offset = "", 0
    while offset is not None:
        piece = shop.span_io(FAILED, tool, offset=offset, length=7)
        text, offset = text + piece.text, piece.next_offset
    assert text == '{"order_id":"1842"}'
    assert shop.span(FAILED, tool).attributes["tool_call.id"] == "c1"


def test_agents_sessions_facets_bars_and_search_agree_with_the_traces(shop: Client) -> None:
    assert [(one.agent, one.traces) for one in shop.agents()] == [
        ("Support Triage", 2),
        ("Deep Research", 1),
    ]
    found = shop.agent("support-triage")
    assert (found.agent.failed_traces, found.steps.tools[0].name) == (1, "lookup_order")
    overview = shop.overview("Support Triage")
    assert sum(one.traces for one in overview.series) == overview.figures.traces == 2
    assert overview.figures.error_rate == 0.5
    turn = shop.session("s-1").turns[0]
    assert [call.name for message in turn.messages for call in message.calls] == ["lookup_order"]
    models = {one.value: one.traces for one in shop.facets(facet="model")}
    assert models == {"gpt-5.4-mini": 1, "gpt-5.5": 1}
    bars = shop.histogram(buckets=8)
    assert (sum(bars.ok), sum(bars.error)) == (2, 1)
    assert {hit.trace_id for hit in shop.search("timed? out")} == {FAILED}
    assert shop.search("timed out", q="status:ok") == []


def test_what_is_unknown_is_refused_with_the_closest_word(shop: Client) -> None:
    for asked, words in (
        ({"limt": 3}, "Did you mean limit?"),
        ({"sort": "durations"}, "Did you mean duration?"),
        ({"q": "statu:error"}, "Did you mean `status`?"),
        ({"limit": "0"}, ""),
        ({"limit": "many"}, ""),
        ({"cursor": "rubbish"}, "next_cursor"),
        ({"range": "soon"}, "15m"),
        ({"from": "1h", "range": "1h"}, "one of them"),
    ):
        with pytest.raises(ConfigError) as refused:
            shop.traces(**asked)
        assert words in refused.value.hint
    with pytest.raises(AmbiguousId) as several:
        shop.trace("b211e6")
    assert several.value.candidates == [FINE, OTHER]
    for missing in (
        lambda: shop.trace("ffff"),
        lambda: shop.span(FAILED, "ffff"),
        lambda: shop.session("s-9"),
        lambda: shop.agent("Suport Triage"),
    ):
        with pytest.raises(NotFound):
            missing()


def _path(endpoint: Any, trace: str, span: str) -> str:
    values = {
        "trace": trace,
        "span": span,
        "agent": "secret-agent",
        "session": "secret-session",
        "user": "secret-user",
        "key": "ffffffff",
    }
    return API + re.sub(r"\{(\w+)(?::path)?\}", lambda found: values[found[1]], endpoint.path)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_a_key_never_reaches_another_project(two: TwoProjects, endpoint: Any) -> None:
    span = two.other.trace(HIDDEN).spans[0].span_id
    path = _path(endpoint, HIDDEN, span)
    if endpoint.path == "/search":
        path += "?pattern=secret"
    headers = {"Authorization": f"Bearer {two.shop_key}", "X-Catalyst-Project": "shop"}
    answer = two.server.request(endpoint.method, path, b"{}", headers)
    assert answer.status < 500
    assert b"5ec2e7" not in answer.body.replace(HIDDEN.encode(), b"")
    named = b"'" + HIDDEN.encode() + b"'"  # the answer may repeat what was asked for
    assert HIDDEN.encode() not in answer.body.replace(named, b"")
    for word in (b"secret.run", b"secret question", b"secret answer"):
        assert word not in answer.body
    assert two.other.count_spans().count == 1


def test_a_key_is_refused_for_another_project_by_name(two: TwoProjects) -> None:
    headers = {"Authorization": f"Bearer {two.shop_key}", "X-Catalyst-Project": "other"}
    assert two.server.request("GET", f"{API}/traces", None, headers).status == 403


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_every_route_needs_its_scope(two: TwoProjects, endpoint: Any) -> None:
    scopes = [scope for scope in ("ingest", "read", "write") if scope != endpoint.scope]
    path = _path(endpoint, FAILED, "00")
    with Client(two.server.url, project="shop") as local:
        key = local.create_key("without", scopes)
        headers = {"Authorization": f"Bearer {key.secret}"}
        answer = two.server.request(endpoint.method, path, b"{}", headers)
        assert (answer.status, answer.json()["code"]) == (403, "forbidden")
        local.revoke_key(key.prefix)
    answer = two.server.request(endpoint.method, path, b"{}", headers)
    assert (answer.status, answer.json()["code"]) == (401, "unauthorised")


def test_an_import_keeps_what_is_good_and_tells_the_bad_lines(
    server: Any, tmp_path: Path, clients: ExitStack
) -> None:
    client = clients.enter_context(new_project(server, "imports"))
    data = write_sample(tmp_path / "t.jsonl").read_bytes() + b"rubbish\n"
    done = client.import_spans(data, "t.jsonl")
    assert (done.spans, done.bad_line_count) == (8, 1)
    assert [(line.source, line.line) for line in done.bad_lines] == [("t.jsonl", 9)]
    client.import_spans(gzip.compress(data), "t.jsonl.gz")
    assert client.count_spans().count == 8
    with pytest.raises(BadInput):
        client.import_spans(b"rubbish", "notes.txt")


@pytest.mark.parametrize("form", ["jsonl", "otlp"])
def test_an_export_holds_every_span_as_it_was(shop: Client, tmp_path: Path, form: str) -> None:
    path = tmp_path / "export.jsonl"
    path.write_bytes(b"".join(shop.export(form)))
    found = {(span.trace_id, span.span_id): span for span in read_spans(path)}
    stored = {
        (span.trace_id, span.span_id): span
        for trace in (FAILED, FINE, OTHER)
        for span in shop.read_trace(trace)
    }
    assert {name: facts(span) for name, span in found.items()} == {
        name: facts(span) for name, span in stored.items()
    }
    if form == "jsonl":
        assert found == stored


def test_a_table_of_spans_has_a_row_each(shop: Client) -> None:
    rows = b"".join(shop.export("csv", q="status:error")).decode().splitlines()
    assert rows[0].startswith("trace_id,span_id")
    assert len(rows) == 1 + 4


def test_what_is_deleted_is_gone_and_nothing_else(
    server: Any, tmp_path: Path, clients: ExitStack
) -> None:
    client = clients.enter_context(new_project(server, "deletions"))
    client.import_spans(write_sample(tmp_path / "t.jsonl").read_bytes() + hidden_line())
    with pytest.raises(NotFound):
        client.delete_trace(FINE[:8])
    assert client.delete_trace(FINE).spans == 2
    assert client.delete_session("s-1").spans == 4
    assert client.delete_user("secret-user").spans == 1
    assert client.delete_user("nobody").spans == 0
    assert [item.trace_id for item in client.traces().items] == [OTHER]
    client.import_spans(write_sample(tmp_path / "t.jsonl").read_bytes())
    assert client.count_traces().count == 3


def test_new_spans_are_told_to_those_who_listen_to_their_project(two: TwoProjects) -> None:
    headers = {"Authorization": f"Bearer {two.shop_key}"}
    line = two.file.read_bytes().splitlines(True)[0]
    address = ("127.0.0.1", two.server.port)
    with closing(http.client.HTTPConnection(*address, timeout=20)) as connection:
        connection.request("GET", f"{API}/events", headers=headers)
        with connection.getresponse() as stream:
            assert stream.readline() == b": listening\n"
            two.other.import_spans(hidden_line())
            two.shop.import_spans(line)
            told = next(line for line in iter(stream.readline, b"") if line.startswith(b"data: "))
    assert json.loads(told[6:])["trace_ids"] == [decode_span(line).trace_id]


def test_a_page_of_another_site_changes_nothing(server: Any) -> None:
    body = {"id": "planted"}
    evil = post(server, f"{API}/projects", body, Origin="http://evil.example")
    assert (evil.status, evil.json()["code"]) == (403, "forbidden")
    own = post(server, f"{API}/projects", body, Origin=f"http://127.0.0.1:{server.port}")
    assert own.status == 200


def test_only_a_local_caller_makes_projects(two: TwoProjects) -> None:
    with pytest.raises(Unauthorised, match="cannot make projects"):
        two.shop.create_project("mine")
    assert [one.id for one in two.shop.projects()] == ["shop"]
    for body in ({}, {"id": 3}, {"id": "x", "more": 1}, [], {"id": "No Good"}):
        assert post(two.server, f"{API}/projects", body).status == 400


def test_the_document_describes_every_route(server: Any) -> None:
    document = get(server, f"{API}/openapi.json").json()
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert described == {(one.method, API + one.path.replace(":path", "")) for one in ENDPOINTS}
    text = json.dumps(document)
    for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert name in document["components"]["schemas"]
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(set(ids)) == len(ids)
