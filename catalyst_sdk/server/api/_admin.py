"""Projects, keys, and who is asking."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

import catalyst_sdk
from catalyst_sdk import client as api
from catalyst_sdk.errors import BadInput
from catalyst_sdk.server._auth import Forbidden
from catalyst_sdk.server.api._endpoint import Call, Endpoint
from catalyst_sdk.server.api._forms import moment
from catalyst_sdk.server.metadata import Key, Project

T = TypeVar("T")


class NewProject(msgspec.Struct, forbid_unknown_fields=True):
    """A project to make."""

    id: str
    name: str = ""


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key to make, for the project of who asks."""

    name: str
    scopes: list[str]


def key_item(key: Key, secret: str | None = None) -> api.KeyItem:
    """Give a key as it may be shown."""
    return api.KeyItem(
        id=key.id,
        project=key.project_id,
        name=key.name,
        prefix=key.prefix,
        scopes=sorted(key.scopes),
        created_time=moment(key.created_ns),
        revoked_time=moment(key.revoked_ns or 0),
        secret=secret,
    )


def _identity(call: Call) -> api.Identity:
    return api.Identity(call.who.project, sorted(call.who.scopes), catalyst_sdk.__version__)


def _projects(call: Call) -> api.Listed[api.ProjectItem]:
    own = call.who.project
    known = call.held.projects.list()
    return api.Listed([_project(one) for one in known if call.who.local or one.id == own])


def _create_project(call: Call) -> api.ProjectItem:
    if not call.who.local:
        raise Forbidden(
            "A project's key cannot make projects.", hint="On the server: catalyst project create"
        )
    wanted = _body(call, NewProject)
    return _project(call.held.projects.create(wanted.id, wanted.name))


def _keys(call: Call) -> api.Listed[api.KeyItem]:
    return api.Listed([key_item(key) for key in call.held.keys.list(call.who.project)])


def _create_key(call: Call) -> api.KeyItem:
    wanted = _body(call, NewKey)
    return key_item(*call.held.keys.create(call.who.project, wanted.name, wanted.scopes))


def _revoke_key(call: Call) -> api.KeyItem:
    return key_item(call.held.keys.revoke(call.path("key"), call.who.project))


def _project(project: Project) -> api.ProjectItem:
    return api.ProjectItem(project.id, project.name, moment(project.created_ns))


def _body(call: Call, kind: type[T]) -> T:
    data: Any = call.request.state.body
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadInput(f"The body is not what is expected: {error}.") from error


ENDPOINTS = (
    Endpoint("GET", "/identity", _identity, "Who is asking.", api.Identity),
    Endpoint("GET", "/projects", _projects, "Projects.", api.Listed[api.ProjectItem]),
    Endpoint(
        "POST",
        "/projects",
        _create_project,
        "Make a project; on a local server without a key.",
        api.ProjectItem,
        scope="write",
        body=NewProject,
    ),
    Endpoint("GET", "/keys", _keys, "The project's keys.", api.Listed[api.KeyItem], scope="write"),
    Endpoint(
        "POST",
        "/keys",
        _create_key,
        "Make a key for the project; its secret is shown here alone.",
        api.KeyItem,
        scope="write",
        body=NewKey,
    ),
    Endpoint("DELETE", "/keys/{key}", _revoke_key, "Revoke a key.", api.KeyItem, scope="write"),
)
