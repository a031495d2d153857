"""Who is asking: a key's project and scopes, or anyone on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from catalyst_sdk.errors import CatalystError, Unauthorised
from catalyst_sdk.server._services import Services
from catalyst_sdk.server.metadata import DEFAULT_PROJECT, SCOPES


class Forbidden(CatalystError):
    """The key is good, but not for this."""

    code = "forbidden"


@dataclass(frozen=True)
class Principal:
    """Whose data a request may touch, and how."""

    project: str
    scopes: frozenset[str]
    local: bool = False
    """Without a key, on this machine: any project may be asked for."""


def services(connection: HTTPConnection) -> Services:
    """Give what the application holds open."""
    held: Services = connection.app.state.services
    return held


def authorise(connection: HTTPConnection, scope: str) -> Principal:
    """Give the principal of a request; Unauthorised or Forbidden when it may not."""
    return authorise_headers(services(connection), connection.headers, scope)


def authorise_headers(held: Services, headers: Mapping[str, str], scope: str) -> Principal:
    """Do the same from headers alone, lower-case names (gRPC metadata too)."""
    text = _key_text(headers)
    wanted = headers.get("x-catalyst-project", "")
    if not text:
        if held.settings.loopback:
            project = held.projects.get(wanted).id if wanted else DEFAULT_PROJECT
            return Principal(project, frozenset(SCOPES), local=True)
        raise Unauthorised(
            "An API key is needed.", hint="Send it as the header: Authorization: Bearer ck_…"
        )
    key = held.keys.check(text)
    if key is None:
        raise Unauthorised("The API key is unknown or revoked.", hint="`catalyst key list`")
    if scope not in key.scopes:
        has = ", ".join(sorted(key.scopes))
        raise Forbidden(f"This key may not {scope}.", hint=f"Its scopes: {has}.")
    if wanted not in ("", key.project_id):
        raise Forbidden("This key is of another project.")
    return Principal(key.project_id, key.scopes)


def _key_text(headers: Mapping[str, str]) -> str:
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip()
    return headers.get("x-api-key", "").strip()
