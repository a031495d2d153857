"""What a reading query may not say: the engine's read-only mode still lets it touch files.

The engine parses and prints the statement itself (`formatQuerySingleLine`), so that comments,
quoting and case cannot hide a word from the check.
"""

from __future__ import annotations

import re
from typing import Any

from catalyst_sdk.errors import EngineError

_FIRST = re.compile(r"^\(*\s*(?:SELECT|WITH|EXPLAIN|DESCRIBE|DESC|SHOW|EXISTS)\b")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\"")
_FORBIDDEN = re.compile(r"\bINTO OUTFILE\b|\b(?:file|python|executable)\s*\(", re.IGNORECASE)


def check_read_only(client: Any, sql: str) -> None:
    """Raise EngineError unless *sql* is a single statement that reads tables and nothing else."""
    result = client.query(
        "SELECT formatQuerySingleLine({sql:String}) AS q", parameters={"sql": sql}
    )
    plain = _QUOTED.sub("''", str(result.result_rows[0][0]))
    if not _FIRST.match(plain):
        raise EngineError(
            "Only SELECT is possible here.", hint="The tables are `spans` and `traces`."
        )
    if found := _FORBIDDEN.search(plain):
        word = found.group().rstrip("( ")
        raise EngineError(
            f"`{word}` is not possible here.", hint="Queries read `spans` and `traces` only."
        )
