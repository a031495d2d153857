"""Filter flags, as the one filter grammar the whole product speaks."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING

import msgspec

from catalyst_sdk.errors import ConfigError

if TYPE_CHECKING:
    from catalyst_sdk.store import FileStore, Filter
    from catalyst_sdk.store.queries import Selection

_PLAIN = re.compile(r"[\w.-]+", re.ASCII)
_NEWEST = "SELECT max(greatest(end_ns, start_ns)) AS newest FROM spans"


class Window(msgspec.Struct, frozen=True):
    """A stretch of time in nanoseconds; None is open."""

    start_ns: int | None = None
    end_ns: int | None = None
    back_ns: int | None = None
    """Instead of a start: so far back from the newest span."""
    words: str = ""
    """How it was asked for."""

    def settled(self, store: FileStore) -> Window:
        """Give the same stretch with a start, counted back from the newest span if need be.

        Files may be of last month; what is last in them counts, as for Halo.
        """
        if self.back_ns is None:
            return self
        newest = int(store.query(_NEWEST)[0]["newest"] or 0)
        return Window(newest - self.back_ns, self.end_ns, None, self.words)


class Filters(msgspec.Struct, frozen=True):
    """What the common filter flags were given."""

    span_of_time: str | None = None
    since: str | None = None
    until: str | None = None
    status: Sequence[str] = ()
    kind: Sequence[str] = ()
    agent: Sequence[str] = ()
    session: Sequence[str] = ()
    user: Sequence[str] = ()
    model: Sequence[str] = ()
    provider: Sequence[str] = ()
    service: Sequence[str] = ()
    environment: Sequence[str] = ()
    metadata: Sequence[str] = ()
    resource: Sequence[str] = ()
    expressions: Sequence[str] = ()

    def window(self) -> Window:
        """Give the stretch of time asked for; raises ConfigError for one that cannot be."""
        if not (self.span_of_time or self.since or self.until):
            return Window()
        from catalyst_sdk.store import parse_range, time_range

        start, end = time_range(self.span_of_time, self.since, self.until)
        seconds = parse_range(self.span_of_time) if self.span_of_time else None
        back = None if seconds is None or end is not None else round(seconds * 1e9)
        asked = (
            ("last", self.span_of_time if seconds is not None else None),
            ("from", self.since),
            ("to", self.until),
        )
        words = " ".join(f"{name} {text}" for name, text in asked if text)
        return Window(None if back else start, end, back, words)

    def terms(self) -> list[tuple[str, str, list[str]]]:
        """Give what was asked for as field, key and values."""
        named = (
            ("status", self.status),
            ("kind", self.kind),
            ("agent", self.agent),
            ("session", self.session),
            ("user", self.user),
            ("model", self.model),
            ("provider", self.provider),
            ("service", self.service),
            ("environment", self.environment),
        )
        terms = [(name, "", ",".join(given).split(",")) for name, given in named if given]
        terms += [("attr", *_pair(pair, "--metadata")) for pair in self.metadata]
        return terms + [("resource", *_pair(pair, "--resource")) for pair in self.resource]


class Asked(msgspec.Struct, frozen=True):
    """What a command is about, checked before any file is opened."""

    filter: Filter | None
    window: Window
    text: str
    """The filter as it was typed, "" without one."""
    query: str = ""
    """The same as one expression of the grammar."""
    given: tuple[str | None, str | None, str | None] = (None, None, None)
    """The range, the beginning and the end that were asked for."""

    @property
    def words(self) -> str:
        """Say what was asked for, for the last line of a list."""
        return " · ".join(part for part in (self.window.words, self.text) if part)

    def of(self, store: FileStore) -> Selection:
        """Give the same for the files that were opened."""
        from catalyst_sdk.store.queries import Selection

        window = self.window.settled(store)
        return Selection(self.filter, window.start_ns, window.end_ns)

    @contextlib.contextmanager
    def narrowed(self, store: FileStore) -> Generator[FileStore]:
        """Give the store of the traces that were asked for."""
        wanted = self.of(store)
        if not wanted:
            yield store
            return
        with store.narrowed(wanted.filter, wanted.start_ns, wanted.end_ns) as narrowed:
            yield narrowed


def select(filters: Filters, words: Sequence[str] = ()) -> Asked:
    """Parse what was asked for; raises ConfigError with the closest known field."""
    text = " ".join([*filters.expressions, *words]).strip()
    terms = filters.terms()
    shown = [
        f"{f'{field}.{key}' if key else field}:{','.join(values)}" for field, key, values in terms
    ]
    spelled = [spelled_term(field, key, values) for field, key, values in terms]
    return Asked(
        _filter(terms, text),
        filters.window(),
        " ".join([*shown, text]).strip(),
        query=" ".join([*spelled, text]).strip(),
        given=(filters.span_of_time, filters.since, filters.until),
    )


def spelled_term(field: str, key: str, values: Sequence[str]) -> str:
    """Spell a term of values taken as they are so that the grammar reads just these."""
    name = f"{field}.{_spelled(key)}" if key else field
    return f"{name}:{','.join(_spelled_value(value) for value in values)}"


def _spelled_value(value: str) -> str:
    sign = next((sign for sign in (">=", "<=", ">", "<") if value.startswith(sign)), "")
    pieces = value[len(sign) :].split("*")
    return sign + ("*".join(_spelled(piece) if piece else "" for piece in pieces) or '""')


def _spelled(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _filter(terms: Sequence[tuple[str, str, list[str]]], text: str) -> Filter | None:
    if not (terms or text):
        return None
    from catalyst_sdk.store import parse_filter, where

    found = parse_filter(text)
    for field, key, values in terms:
        found = found & where(field, *values, key=key)
    return found


def _pair(pair: str, flag: str) -> tuple[str, list[str]]:
    key, equals, value = pair.partition("=")
    if not (key and equals):
        raise ConfigError(f"{flag} takes KEY=VALUE, not '{pair}'.")
    return key, value.split(",")
