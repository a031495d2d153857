"""Two projects on one server, each with traces and keys of its own."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from catalyst_sdk.client import Client
from catalyst_sdk.spans import Span, encode_span
from cli.sample import write_sample

HIDDEN = "5ec2e700" + "d" * 24
"""A trace of the other project."""


class TwoProjects(NamedTuple):
    """A server, a client of each project's key, and what was put into the first."""

    server: Any
    shop: Client
    other: Client
    shop_key: str
    file: Path


def set_up(server: Any, folder: Path, clients: ExitStack, shop: str, other: str) -> TwoProjects:
    """Make the projects, their keys, and put traces into both."""
    file = write_sample(folder / "traces.jsonl")
    keys: dict[str, str] = {}
    for project, data in ((shop, file.read_bytes()), (other, hidden_line())):
        inside = clients.enter_context(new_project(server, project))
        inside.import_spans(data, "traces.jsonl")
        keys[project] = inside.create_key("all", ["ingest", "read", "write"]).secret or ""
    first, second = (clients.enter_context(Client(server.url, key)) for key in keys.values())
    return TwoProjects(server, first, second, keys[shop], file)


def new_project(server: Any, name: str) -> Client:
    """Make a project; give a client that asks for it without a key."""
    with Client(server.url) as local:
        local.create_project(name)
    return Client(server.url, project=name)


def hidden_line() -> bytes:
    """Give the other project's one span."""
    attributes = {
        "openinference.span.kind": "AGENT",
        "agent.name": "secret-agent",
        "session.id": "secret-session",
        "user.id": "secret-user",
        "input.value": "secret question",
        "output.value": "secret answer",
    }
    start = 1_760_000_000_000_000_000
    return encode_span(
        Span(
            trace_id=HIDDEN,
            span_id="5ec2e7" + "0" * 10,
            name="secret.run",
            start_ns=start,
            end_ns=start + 10**9,
            attributes=attributes,
        )
    )


def get(server: Any, path: str, key: str = "") -> Any:
    """GET a path with a key."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return server.request("GET", path, None, headers)


def post(server: Any, path: str, body: Any, key: str = "", **headers: str) -> Any:
    """POST JSON with a key."""
    own = {"Authorization": f"Bearer {key}"} if key else {}
    data = json.dumps(body).encode()
    return server.request(
        "POST", path, data, {"Content-Type": "application/json", **own, **headers}
    )
