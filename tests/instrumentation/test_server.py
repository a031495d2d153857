from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from catalyst_sdk.instrumentation.testing import (
    Drop,
    Hold,
    ProviderServer,
    Recording,
    error_reply,
    load_recordings,
    sse_reply,
)


@contextmanager
def _post(server: ProviderServer, path: str, body: Any) -> Iterator[http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("POST", path, json.dumps(body))
    with closing(connection), connection.getresponse() as response:
        yield response


def _json(server: ProviderServer, path: str, body: Any) -> Any:
    with _post(server, path, body) as response:
        return json.load(response)


def _recording(number: int, request: str = '{"a": 1, "b": 2}') -> Recording:
    return Recording(
        id=str(number),
        method="POST",
        path="/v1/x",
        request=request,
        status=200,
        content_type=None,
        response=f'{{"number": {number}}}',
    )


def test_a_recording_is_found_whatever_the_order_of_members() -> None:
    with ProviderServer([_recording(1)]) as server:
        assert _json(server, "/v1/x?beta=true", {"b": 2, "a": 1}) == {"number": 1}
        assert [recording.id for recording in server.replayed] == ["1"]


def test_the_same_request_gets_its_recordings_in_turn() -> None:
    with ProviderServer([_recording(1), _recording(2)]) as server:
        got = [_json(server, "/v1/x", {"a": 1, "b": 2})["number"] for _ in range(3)]
        assert got == [1, 2, 1]


def test_what_was_not_recorded_is_a_404_that_says_so() -> None:
    with ProviderServer([_recording(1)]) as server, _post(server, "/v1/x", {"a": 2}) as response:
        assert response.status == 404
        assert "nothing recorded for /v1/x" in json.load(response)["error"]["message"]


def test_a_script_comes_before_recordings() -> None:
    with ProviderServer([_recording(1)]) as server:
        server.script(error_reply(429, "slow down", retry_after="0"))
        with _post(server, "/v1/x", {"a": 1, "b": 2}) as response:
            assert (response.status, response.headers["retry-after"]) == (429, "0")
        assert server.received[0].json == {"a": 1, "b": 2}


def test_events_are_held_back_until_told() -> None:
    go_on = threading.Event()
    with ProviderServer() as server:
        server.script(sse_reply([{"n": 1}, Hold(go_on), {"n": 2}]))
        with _post(server, "/v1/x", {}) as response:
            assert response.readline() == b'data: {"n":1}\n'
            go_on.set()
            assert response.read().endswith(b'data: {"n":2}\n\ndata: [DONE]\n\n')


def test_a_dropped_connection_ends_in_the_middle() -> None:
    with ProviderServer() as server:
        server.script(sse_reply([{"n": 1}, Drop(), {"n": 2}]))
        with _post(server, "/v1/x", {}) as response, pytest.raises(http.client.IncompleteRead):
            response.read()


def test_recordings_are_read_plain_and_gzipped(tmp_path: Path) -> None:
    import gzip

    line = json.dumps({f: getattr(_recording(1), f) for f in Recording.__struct_fields__})
    (tmp_path / "a.jsonl").write_text(line + "\n")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(line.encode()))
    assert (
        load_recordings(tmp_path / "a.jsonl")
        == load_recordings(tmp_path / "a.jsonl.gz")
        == [_recording(1)]
    )
