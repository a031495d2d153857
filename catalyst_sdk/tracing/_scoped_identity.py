"""`attributes`: session, user, metadata and tags for the spans of a block of code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from opentelemetry.context import Context, get_current

from catalyst_sdk.tracing._boundary import report_failure
from catalyst_sdk.tracing._context import Attached
from catalyst_sdk.tracing._identity import Identity, identity_of, with_identity


class IdentityScope:
    """Makes an identity current within `with` or `async with`, without a span."""

    __slots__ = ("_identity", "_open")

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._open: dict[int, Attached] = {}

    def __enter__(self) -> None:
        try:
            context = with_identity(None, self._identity)
        except Exception:  # noqa: BLE001 - the host's block runs with the identity it had
            report_failure("setting attributes failed")
            context = Context(get_current())
        self._open[id(context)] = Attached(context)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        attached = self._open.pop(id(get_current()), None)
        if attached is None and self._open:
            attached = self._open.popitem()[1]
        if attached is not None:
            attached.leave()

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)


def attributes(
    *,
    session_id: str | None = None,
    user_id: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
) -> IdentityScope:
    """Set session, user, metadata (merged) and tags (added) on the spans started in a block."""
    try:
        identity = identity_of(session_id=session_id, user_id=user_id, metadata=metadata, tags=tags)
    except Exception:  # noqa: BLE001 - traced code runs on, whatever its author mistook
        report_failure("attributes() was given arguments it cannot use")
        identity = {}
    return IdentityScope(identity)
