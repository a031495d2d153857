"""One route of the API: what it takes, what it answers, and the call that reaches it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.server._auth import Forbidden, Principal, authorise, services
from catalyst_sdk.server._services import Services
from catalyst_sdk.server._settings import ServerSettings
from catalyst_sdk.server.ingest import inflate, read_body
from catalyst_sdk.store import parse_filter, time_range
from catalyst_sdk.store.clickhouse import OrderedProject
from catalyst_sdk.store.queries import Selection

MOST = 1_000
"""Rows a page may have."""
Kind = Literal["string", "integer", "boolean"]
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Parameter:
    """One query parameter."""

    name: str
    about: str
    kind: Kind = "string"
    default: str | int | bool | None = None
    choices: Sequence[str] = ()


SELECTION = (
    Parameter("q", 'Filter: status:error model:gpt-5* duration:>5s attr.tenant=acme "free text"'),
    Parameter("range", "Only the last of it: 15m, 1h, 7d, all."),
    Parameter("from", "Only from this moment on: ISO 8601 (UTC), or 1h for an hour ago."),
    Parameter("to", "Only before this moment."),
)


def paging(sorts: Sequence[str], default: str) -> tuple[Parameter, ...]:
    """Give the parameters of a list that can be sorted by *sorts*."""
    return (
        Parameter("limit", f"Rows, at most {MOST:,}.", "integer", 100),
        Parameter("cursor", "next_cursor of the page before."),
        Parameter("sort", "What to order by.", default=default, choices=tuple(sorts)),
        Parameter("order", "Which end first.", default="desc", choices=("desc", "asc")),
    )


class Call:
    """A request to an endpoint: who asks, and what for."""

    def __init__(self, request: Request, who: Principal, parameters: Sequence[Parameter]) -> None:
        self.request = request
        self.who = who
        self.held: Services = services(request)
        self._known = {parameter.name: parameter for parameter in parameters}
        for name in request.query_params:
            if name not in self._known:
                near = get_close_matches(name, self._known, n=1)
                hint = f"Did you mean {near[0]}? " if near else ""
                known = ", ".join(self._known) or "none"
                raise ConfigError(
                    f"There is no parameter '{name}' here.", hint=f"{hint}Known: {known}."
                )

    @property
    def source(self) -> OrderedProject:
        """The traces of the principal's project."""
        return self.held.store.project(self.who.project)

    def path(self, name: str) -> str:
        """Give a part of the path."""
        return str(self.request.path_params[name])

    def text(self, name: str) -> str:
        """Give a parameter, its default when absent."""
        known = self._known[name]
        value = self.request.query_params.get(name, "")
        if value and known.choices and value not in known.choices:
            near = get_close_matches(value, known.choices, n=1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise ConfigError(
                f"'{value}' is no {name}.", hint=f"{hint}Known: {', '.join(known.choices)}."
            )
        return value or str(known.default if known.default is not None else "")

    def number(self, name: str, low: int, high: int) -> int:
        """Give a whole number in [low, high]."""
        text = self.text(name)
        if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 20:
            raise ConfigError(f"{name} is a whole number, not '{text[:40]}'.")
        if not low <= int(text) <= high:
            raise ConfigError(f"{name} is a number from {low:,} to {high:,}.")
        return int(text)

    def flag(self, name: str) -> bool:
        """Give a parameter that is true or false."""
        text = self.text(name).lower()
        if text not in _BOOLEANS:
            raise ConfigError(f"{name} is true or false, not '{text[:40]}'.")
        return _BOOLEANS[text]

    def selection(self) -> Selection:
        """Give what q, range, from and to ask for."""
        start, end = time_range(
            self.text("range") or None, self.text("from") or None, self.text("to") or None
        )
        text = self.text("q")
        return Selection(parse_filter(text) if text.strip() else None, start, end)

    def page(self) -> dict[str, Any]:
        """Give what limit, cursor, sort and order ask for."""
        return {
            "sort": self.text("sort"),
            "descending": self.text("order") == "desc",
            "limit": self.number("limit", 1, MOST),
            "cursor": self.text("cursor") or None,
        }


@dataclass(frozen=True)
class Endpoint:
    """One route: *run* gives a struct of type *answer*, or a response of its own."""

    method: str
    path: str
    run: Callable[[Call], Any]
    about: str
    answer: Any
    parameters: tuple[Parameter, ...] = ()
    scope: str = "read"
    body: Any = None
    media: str = "application/json"

    def route(self, prefix: str) -> Route:
        """Make the route; its work is done off the event loop."""

        def answer(request: Request) -> Response:
            return _answer(self.run(self.call(request)))

        async def with_body(request: Request) -> Response:
            call = await run_in_threadpool(self.call, request)  # before a byte of it is read
            request.state.body = await read_whole(request, call.held.settings)
            return _answer(await run_in_threadpool(self.run, call))

        serve = answer if self.body is None else with_body
        return Route(prefix + self.path, serve, methods=[self.method])

    def call(self, request: Request) -> Call:
        """Check who asks and what for."""
        who = authorise(request, self.scope)
        if self.method != "GET":
            _check_origin(request)
        return Call(request, who, self.parameters)


def _answer(value: Any) -> Response:
    if isinstance(value, Response):
        return value
    return Response(msgspec.json.encode(value), media_type="application/json")


async def read_whole(request: Request, settings: ServerSettings) -> bytes:
    """Read a body within the server's limits, decompressed when its headers say so."""
    body = await read_body(request, settings.max_body_bytes)
    encoding = request.headers.get("content-encoding", "").strip().lower()
    return await run_in_threadpool(inflate, body, encoding, settings.max_inflated_bytes)


def _check_origin(request: Request) -> None:
    """A page of another site may not change anything through a visitor's browser."""
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise Forbidden("A page of another site may not do this.")
