"""API keys: shown once, stored as a hash, bound to a project and to scopes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, insert, select, update

from catalyst_sdk.errors import ConfigError, NotFound
from catalyst_sdk.server.metadata._tables import api_keys, projects

SCOPES = ("ingest", "read", "write")
"""What a key may allow: send spans, read everything, change what can be changed."""


@dataclass(frozen=True)
class Key:
    """A key as it may be shown: never its secret."""

    id: str
    project_id: str
    name: str
    prefix: str
    scopes: frozenset[str]
    created_ns: int
    revoked_ns: int | None


class Keys:
    """Create, check, list and revoke keys.

    A key reads `ck_<prefix>_<secret>`: the prefix finds its row, and 256 bits of secret are
    compared by SHA-256 in constant time (a slow hash protects guessable secrets; these are not).
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, project_id: str, name: str, scopes: Iterable[str]) -> tuple[Key, str]:
        """Make a key; give it and its text, which cannot be shown again."""
        wanted = frozenset(scopes)
        if not wanted or not wanted <= set(SCOPES):
            raise ConfigError(
                f"A key's scopes are among {', '.join(SCOPES)}.",
                hint="For an agent that sends spans: ingest.",
            )
        prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        text = f"ck_{prefix}_{secret}"
        key = Key(secrets.token_hex(8), project_id, name, prefix, wanted, time.time_ns(), None)
        with self._engine.begin() as connection:
            known = select(projects.c.id).where(projects.c.id == project_id)
            if connection.scalar(known) is None:
                raise NotFound(f"There is no project {project_id!r}.")
            values = key.__dict__ | {"scopes": ",".join(sorted(wanted)), "hash": _hash(text)}
            connection.execute(insert(api_keys).values(**values))
        return key, text

    def check(self, text: str) -> Key | None:
        """Give the key a text stands for; None when it is unknown, wrong or revoked."""
        parts = text.split("_", 2)
        if len(parts) != 3 or parts[0] != "ck":
            return None
        with self._engine.connect() as connection:
            found = connection.execute(select(api_keys).where(api_keys.c.prefix == parts[1]))
            row = found.mappings().first()
        expected = str(row["hash"]) if row is not None else "0" * 64
        right = hmac.compare_digest(_hash(text), expected)
        if row is None or not right or row["revoked_ns"] is not None:
            return None
        return _key(row)

    def list(self, project_id: str | None = None) -> list[Key]:
        """Give the keys of one project, or all, oldest first, revoked ones included."""
        query = select(api_keys).order_by(api_keys.c.created_ns)
        if project_id is not None:
            query = query.where(api_keys.c.project_id == project_id)
        with self._engine.connect() as connection:
            return [_key(row) for row in connection.execute(query).mappings()]

    def revoke(self, key: str, project_id: str | None = None) -> Key:
        """Revoke by id or prefix; NotFound when the project has no such key."""
        query = select(api_keys).where((api_keys.c.id == key) | (api_keys.c.prefix == key))
        if project_id is not None:
            query = query.where(api_keys.c.project_id == project_id)
        with self._engine.begin() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                raise NotFound(f"There is no key {key!r}.", hint="`catalyst key list` shows them.")
            changed: dict[str, Any] = {"revoked_ns": row["revoked_ns"] or time.time_ns()}
            connection.execute(update(api_keys).where(api_keys.c.id == row["id"]).values(changed))
        return _key({**row, **changed})

    def any_active(self) -> bool:
        """Tell whether any key is in force."""
        with self._engine.connect() as connection:
            active = select(api_keys.c.id).where(api_keys.c.revoked_ns.is_(None)).limit(1)
            return connection.scalar(active) is not None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _key(row: Mapping[Any, Any]) -> Key:
    return Key(
        id=row["id"],
        project_id=row["project_id"],
        name=row["name"],
        prefix=row["prefix"],
        scopes=frozenset(row["scopes"].split(",")),
        created_ns=row["created_ns"],
        revoked_ns=row["revoked_ns"],
    )
