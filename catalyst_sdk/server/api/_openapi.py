"""The OpenAPI document, made from the routes and from the structs they answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

import catalyst_sdk
from catalyst_sdk.server.api._endpoint import Endpoint, Parameter

_TEMPLATE = re.compile(r"\{(\w+)(?::path)?\}")
_REF = "#/components/schemas/{name}"


class Problem(msgspec.Struct):
    """What every refused request answers."""

    error: str
    code: str
    hint: str
    candidates: list[str] = []


def document(endpoints: Sequence[Endpoint], prefix: str) -> dict[str, Any]:
    """Describe the API as OpenAPI 3.1."""
    kinds = [
        kind
        for one in endpoints
        for kind in (one.answer, one.body)
        if kind is not None and kind is not bytes
    ]
    schemas, components = msgspec.json.schema_components([*kinds, Problem], ref_template=_REF)
    found = dict(zip(map(repr, [*kinds, Problem]), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        path = prefix + _TEMPLATE.sub(r"{\1}", one.path)
        paths.setdefault(path, {})[one.method.lower()] = _operation(one, found)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Catalyst", "version": catalyst_sdk.__version__},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{}, {"key": []}],
    }


def _operation(one: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    named = [_path_parameter(name) for name in _TEMPLATE.findall(one.path)]
    content = {one.media: {} if one.answer is bytes else {"schema": schemas[repr(one.answer)]}}
    problem = {"application/json": {"schema": schemas[repr(Problem)]}}
    operation: dict[str, Any] = {
        "operationId": f"{one.method.lower()}{_TEMPLATE.sub('by', one.path).replace('/', '_')}",
        "summary": one.about,
        "description": f"Needs the scope {one.scope}.",
        "parameters": [*named, *map(_query_parameter, one.parameters)],
        "responses": {
            "200": {"description": "Done.", "content": content},
            "default": {"description": "Refused.", "content": problem},
        },
    }
    if one.body is not None:
        media = "application/octet-stream" if one.body is bytes else "application/json"
        schema = {} if one.body is bytes else {"schema": schemas[repr(one.body)]}
        operation["requestBody"] = {"required": True, "content": {media: schema}}
    return operation


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameter(one: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": one.kind}
    if one.default is not None:
        schema["default"] = one.default
    if one.choices:
        schema["enum"] = list(one.choices)
    return {"name": one.name, "in": "query", "description": one.about, "schema": schema}
