"""The server's API as methods, each with the struct that it answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, TypeVar
from urllib.parse import quote

import msgspec

from catalyst_sdk.client._http import Http, Params
from catalyst_sdk.client._types import (
    AgentDetail,
    AgentItem,
    Counted,
    Deleted,
    Facet,
    Histogram,
    Hit,
    Identity,
    Imported,
    KeyItem,
    Listed,
    Overview,
    Payload,
    ProjectItem,
    SessionDetail,
    SessionItem,
    SpanDetail,
    SpanItem,
    TraceDetail,
    TraceItem,
    Tree,
)
from catalyst_sdk.spans import Span, decode_span

T = TypeVar("T")
DEFAULT_ENDPOINT = "http://127.0.0.1:8799"
_API = "/api/v1"


class Client:
    """Reads and manages what a server holds.

    *endpoint* and *api_key* default to CATALYST_SERVER or CATALYST_ENDPOINT, else the local
    server, and to CATALYST_API_KEY. *project* names one on a local server without keys. Safe to
    share by threads. The parameters of `traces` and the other lists are those of the API: q,
    range, from_, to, sort, order, limit, cursor.
    """

    def __init__(
        self,
        endpoint: str | None = None,
        api_key: str | None = None,
        *,
        project: str | None = None,
        timeout: float = 60.0,
    ) -> None:
        environ = os.environ
        address = endpoint or environ.get("CATALYST_SERVER") or environ.get("CATALYST_ENDPOINT")
        key = api_key or environ.get("CATALYST_API_KEY")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if project:
            headers["X-Catalyst-Project"] = project
        self._http = Http(address or DEFAULT_ENDPOINT, headers, timeout)

    @property
    def endpoint(self) -> str:
        """Where the server is."""
        return self._http.endpoint

    def identity(self) -> Identity:
        """Say whose data the key opens, and what it allows."""
        return self._get(Identity, "/identity")

    def traces(self, **asked: Any) -> Listed[TraceItem]:
        """Give a page of traces, newest first unless told."""
        return self._get(Listed[TraceItem], "/traces", asked)

    def count_traces(self, **asked: Any) -> Counted:
        """Count the traces; capped at 10,000."""
        return self._get(Counted, "/traces/count", asked)

    def trace(self, trace_id: str) -> TraceDetail:
        """Give a trace and its spans; a unique prefix of the id will do."""
        return self._get(TraceDetail, f"/traces/{_id(trace_id)}")

    def tree(self, trace_id: str) -> Tree:
        """Give a trace as columns."""
        return self._get(Tree, f"/traces/{_id(trace_id)}/tree")

    def raw(self, trace_id: str, span_id: str | None = None) -> list[bytes]:
        """Give the stored lines of a trace, or of one span."""
        path = f"/traces/{_id(trace_id)}/raw"
        if span_id is not None:
            path = f"/spans/{_id(trace_id)}/{_id(span_id)}/raw"
        return self._http.request("GET", _API + path).body.splitlines(keepends=True)

    def read_trace(self, trace_id: str) -> list[Span]:
        """Read a trace's spans whole, as recorded."""
        return [decode_span(line) for line in self.raw(trace_id)]

    def spans(self, **asked: Any) -> Listed[SpanItem]:
        """Give a page of spans; *trace_id* limits them to one trace."""
        return self._get(Listed[SpanItem], "/spans", asked)

    def count_spans(self, **asked: Any) -> Counted:
        """Count the spans; capped at 10,000."""
        return self._get(Counted, "/spans/count", asked)

    def span(self, trace_id: str, span_id: str) -> SpanDetail:
        """Give one span with its attributes, events and links."""
        return self._get(SpanDetail, f"/spans/{_id(trace_id)}/{_id(span_id)}")

    def span_io(self, trace_id: str, span_id: str, part: str = "input", **asked: Any) -> Payload:
        """Give a piece of a span's input or output: *offset*, *length*, *media*."""
        path = f"/spans/{_id(trace_id)}/{_id(span_id)}/io"
        return self._get(Payload, path, {"part": part, **asked})

    def facets(self, **asked: Any) -> list[Facet]:
        """Count the values that occur: *facet* a comma list, *limit* values of each."""
        return self._get(Listed[Facet], "/facets", asked).items

    def histogram(self, **asked: Any) -> Histogram:
        """Count traces over time by status."""
        return self._get(Histogram, "/histogram", asked)

    def agents(self, **asked: Any) -> list[AgentItem]:
        """Give one row an agent."""
        return self._get(Listed[AgentItem], "/agents", asked).items

    def agent(self, name: str, **asked: Any) -> AgentDetail:
        """Give one agent, by name or id: what it calls and what fails."""
        return self._get(AgentDetail, f"/agents/{_id(name)}", asked)

    def overview(self, name: str, **asked: Any) -> Overview:
        """Give an agent over time."""
        return self._get(Overview, f"/agents/{_id(name)}/overview", asked)

    def sessions(self, **asked: Any) -> Listed[SessionItem]:
        """Give a page of sessions, the latest first."""
        return self._get(Listed[SessionItem], "/sessions", asked)

    def count_sessions(self, **asked: Any) -> Counted:
        """Count the sessions; capped at 10,000."""
        return self._get(Counted, "/sessions/count", asked)

    def session(self, session_id: str, *, messages: bool = True) -> SessionDetail:
        """Give a session as its turns."""
        return self._get(SessionDetail, f"/sessions/{_id(session_id)}", {"messages": messages})

    def search(self, pattern: str, **asked: Any) -> list[Hit]:
        """Find a regular expression (RE2) in inputs, outputs and other payloads, newest first."""
        return self._get(Listed[Hit], "/search", {"pattern": pattern, **asked}).items

    def import_spans(self, data: bytes, name: str = "upload") -> Imported:
        """Store the spans of a file in any format that can be read; *name* is for messages."""
        headers = {"Content-Type": "application/octet-stream"}
        answer = self._http.request("POST", f"{_API}/import", {"name": name}, data, headers)
        return msgspec.json.decode(answer.body, type=Imported)

    def export(self, form: str = "jsonl", **asked: Any) -> Iterator[bytes]:
        """Yield the pieces of an export: `jsonl`, `otlp` or `csv`."""
        return self._http.stream(f"{_API}/export", {"format": form, **_named(asked)})

    def delete_trace(self, trace_id: str) -> Deleted:
        """Delete a trace, by its whole id."""
        return self._delete(f"/traces/{_id(trace_id)}")

    def delete_session(self, session_id: str) -> Deleted:
        """Delete every span of a session's traces."""
        return self._delete(f"/sessions/{_id(session_id)}")

    def delete_user(self, user_id: str) -> Deleted:
        """Delete every span of a user's traces."""
        return self._delete(f"/users/{_id(user_id)}")

    def projects(self) -> list[ProjectItem]:
        """List the projects that may be seen."""
        return self._get(Listed[ProjectItem], "/projects").items

    def create_project(self, project_id: str, name: str = "") -> ProjectItem:
        """Make a project; on a local server only."""
        return self._post(ProjectItem, "/projects", {"id": project_id, "name": name})

    def list_keys(self) -> list[KeyItem]:
        """List the keys of the project, revoked ones too."""
        return self._get(Listed[KeyItem], "/keys").items

    def create_key(self, name: str, scopes: list[str]) -> KeyItem:
        """Make a key for the project; its secret is in the answer and nowhere else."""
        return self._post(KeyItem, "/keys", {"name": name, "scopes": scopes})

    def revoke_key(self, key: str) -> KeyItem:
        """Revoke a key by id or prefix."""
        answer = self._http.request("DELETE", f"{_API}/keys/{_id(key)}")
        return msgspec.json.decode(answer.body, type=KeyItem)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _get(self, kind: type[T], path: str, asked: Params | None = None) -> T:
        answer = self._http.request("GET", _API + path, _named(asked or {}))
        return msgspec.json.decode(answer.body, type=kind)

    def _post(self, kind: type[T], path: str, body: dict[str, Any]) -> T:
        headers = {"Content-Type": "application/json"}
        data = msgspec.json.encode(body)
        answer = self._http.request("POST", _API + path, None, data, headers)
        return msgspec.json.decode(answer.body, type=kind)

    def _delete(self, path: str) -> Deleted:
        answer = self._http.request("DELETE", _API + path)
        return msgspec.json.decode(answer.body, type=Deleted)


def _id(text: str) -> str:
    return quote(text, safe="")


def _named(asked: Params) -> dict[str, Any]:
    """`from` is a word of Python's own, so callers write from_."""
    return {name.rstrip("_"): value for name, value in asked.items()}
