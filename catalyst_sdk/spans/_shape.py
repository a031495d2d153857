"""Reading attributes by concept, with the work per set of attribute names done once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from catalyst_sdk import semconv
from catalyst_sdk.spans._concepts import (
    CONCEPTS,
    COUNT_COLUMNS,
    FAMILIES,
    KINDS,
    MEASURES,
    TELLS,
    TEXT_COLUMNS,
)
from catalyst_sdk.spans._span import AttributeMap

Plan = tuple[tuple[str, tuple[str, ...]], ...]
"""Concept and the attributes present that carry it, the preferred first."""

_TYPE_PREFIXES = ("int.", "double.", "bool.", "string.")
_MAX_SHAPES = 2048
_RANKS: dict[str, list[tuple[str, int]]] = {}
for _concept, _keys in CONCEPTS.items():
    for _rank, _key in enumerate(_keys):
        _RANKS.setdefault(_key, []).append((_concept, _rank))

_PROJECTED = {
    "model": semconv.INFERENCE_MODEL,
    "prompt_tokens": semconv.INFERENCE_INPUT_TOKENS,
    "completion_tokens": semconv.INFERENCE_OUTPUT_TOKENS,
    "agent_name": semconv.INFERENCE_AGENT_NAME,
    "agent_id": semconv.INFERENCE_AGENT_ID,
}
_OWNED = frozenset((*_PROJECTED, "project"))


class Shape(msgspec.Struct, frozen=True):
    """What a set of attribute names offers."""

    plan: Plan
    kinds: tuple[str, ...]
    """Those that name the kind, the preferred first."""
    families: dict[str, tuple[str, ...]]
    """Flattened lists present: prefix to its attributes."""
    own: Plan
    """The part of the plan that projections come from, `inference.*` left out."""
    tells: Plan
    """Kinds, and the attributes whose presence tells them when none names the kind."""
    has_inference: bool
    texts: tuple[str, ...]
    """Text columns there is something for."""
    counts: tuple[str, ...]
    """Whole-number columns there is something for."""
    measured: bool
    """Something says what a model call used."""


_shapes: dict[tuple[str, ...], Shape] = {}


def shape_of(attributes: Mapping[str, Any]) -> Shape:
    """Give the shape of these attributes' names, from memory when it was met before."""
    names = tuple(attributes)
    shape = _shapes.get(names)
    if shape is None:
        if len(_shapes) >= _MAX_SHAPES:
            _shapes.clear()
        shape = _shapes[names] = _new_shape(names)
    return shape


def gather(plan: Plan, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Give each concept's value: the first attribute that is neither null nor ""."""
    found = {
        concept: value
        for concept, keys in plan
        if (value := attributes[keys[0]]) is not None and value != ""
    }
    if len(found) < len(plan):
        _gather_seconds(found, plan, attributes)
    return found


def _gather_seconds(found: dict[str, Any], plan: Plan, attributes: Mapping[str, Any]) -> None:
    """Take the next best attribute for concepts whose first is blank."""
    for concept, keys in plan:
        if len(keys) > 1 and concept not in found:
            for key in keys[1:]:
                value = attributes[key]
                if value is not None and value != "":
                    found[concept] = value
                    break


def kind_of(shape: Shape, attributes: Mapping[str, Any], *, own: bool = False) -> str:
    """Name what a span is, one of `semconv.SPAN_KINDS`; *own* leaves out what was projected."""
    for key in shape.kinds:
        value = attributes[key]
        if isinstance(value, str) and not (own and key.startswith("inference.")):
            kind = KINDS[key].get(value.lower())
            if kind is not None:
                return kind
    for kind, keys in shape.tells:
        if any(attributes[key] is not None and attributes[key] != "" for key in keys):
            return kind
    return "UNKNOWN"


def projections(attributes: AttributeMap, resource: AttributeMap) -> AttributeMap:
    """Give the `inference.*` attributes halo-engine's index reads, as far as they are known."""
    shape = shape_of(attributes)
    found = gather(shape.own, attributes)
    known: AttributeMap = {
        name: found[concept] for concept, name in _PROJECTED.items() if concept in found
    }
    project = project_of(found, resource)
    if project:
        known[semconv.INFERENCE_PROJECT_ID] = project
    kind = kind_of(shape, attributes, own=True)
    known[semconv.INFERENCE_OBSERVATION_KIND] = "SPAN" if kind in ("CHAIN", "UNKNOWN") else kind
    return known


def without_projections(attributes: AttributeMap, resource: AttributeMap) -> AttributeMap:
    """Leave out the `inference.*` attributes that the others imply."""
    if not shape_of(attributes).has_inference:
        return attributes
    own = dict(attributes)
    for key, value in projections(attributes, resource).items():
        if key in own and own[key] == value:
            del own[key]
    return own


def project_of(found: Mapping[str, Any], resource: Mapping[str, Any]) -> str:
    """Name the project: as told, else the service."""
    told = (
        found.get("project")
        or resource.get("openinference.project.name")
        or resource.get(semconv.SERVICE_NAME)
    )
    return str(told) if told else ""


def _new_shape(names: tuple[str, ...]) -> Shape:
    ranked: dict[str, list[tuple[int, str]]] = {}
    families: dict[str, list[str]] = {}
    for name in names:
        for concept, rank in _ranks(name):
            ranked.setdefault(concept, []).append((rank, name))
        for prefix in FAMILIES:
            if name.startswith(prefix):
                families.setdefault(prefix, []).append(name)
    plan = tuple((c, tuple(name for _, name in sorted(keys))) for c, keys in ranked.items())
    return Shape(
        plan=plan,
        kinds=tuple(key for key in KINDS if key in names),
        families={prefix: tuple(keys) for prefix, keys in families.items()},
        own=tuple((c, own) for c, keys in plan if c in _OWNED and (own := _own(keys))),
        tells=tuple((TELLS[c], _own(keys)) for c, keys in _by_strength(plan)),
        has_inference=any(name.startswith("inference.") for name in names),
        texts=tuple(column for column in TEXT_COLUMNS if column in ranked),
        counts=tuple(column for column in COUNT_COLUMNS if column in ranked),
        measured=any(concept in ranked for concept in MEASURES),
    )


def _own(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(key for key in keys if not key.startswith("inference."))


def _by_strength(plan: Plan) -> Plan:
    strength = list(TELLS)
    return tuple(sorted((s for s in plan if s[0] in TELLS), key=lambda s: strength.index(s[0])))


def _ranks(name: str) -> list[tuple[str, int]]:
    known = _RANKS.get(name)
    if known is None:
        for prefix in _TYPE_PREFIXES:
            if name.startswith(prefix):
                return _RANKS.get(name[len(prefix) :], [])
    return known or []
