"""The attribute names a backend reads: spans are put into its dialect on the export thread."""

from __future__ import annotations

import difflib
from collections.abc import Callable

from opentelemetry.sdk.trace import ReadableSpan

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.export.dialects._gen_ai import gen_ai
from catalyst_sdk.export.dialects._openinference import openinference

__all__ = ["DIALECTS", "Dialect", "find_dialect"]

Dialect = Callable[[ReadableSpan], ReadableSpan]
"""A span in the compact form to one in the dialect; itself when nothing changes."""


def _compact(span: ReadableSpan) -> ReadableSpan:
    return span


DIALECTS: dict[str, Dialect] = {
    "compact": _compact,
    "gen_ai": gen_ai,
    "openinference": openinference,
}
"""By name; one more entry is one more dialect."""


def find_dialect(name: str) -> Dialect:
    """Look *name* up; raises ConfigError with what was probably meant."""
    dialect = DIALECTS.get(name)
    if dialect is None:
        near = difflib.get_close_matches(name, DIALECTS, n=1, cutoff=0.4)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise ConfigError(
            f"There is no dialect {name!r}.{meant}", hint="One of: " + ", ".join(sorted(DIALECTS))
        )
    return dialect
