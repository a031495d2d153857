"""Errors where they began, classed and grouped: what the error detectors share."""

from __future__ import annotations

from typing import Any

import msgspec

from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo.detectors._filters import core_of, site_term, terms
from catalyst_sdk.halo.detectors._sql import ENDED_OR_WENT_ON, LEAF_ERROR, SITE, literal
from catalyst_sdk.spans import fold_signature

__all__ = ["CLASS", "ErrorGroup", "error_groups", "group_filter", "group_where"]

_TEXT = "lower(concat(error_type, ' ', error_message))"
CLASS = f"""multiIf(
  match({_TEXT}, 'insufficient_quota|exceeded your current quota|credit balance|billing'), 'quota',
  match({_TEXT}, 'rate.?limit|too many requests|(^|[^0-9])429([^0-9]|$)|overloaded|throttl')
    OR match({_TEXT}, 'resource.?exhausted'), 'rate_limit',
  match({_TEXT}, 'timed? ?.?out|timeout|deadline.?exceeded|etimedout'), 'timeout',
  match({_TEXT}, 'max(imum)?.?(number of )?(turns|iterations|steps)|recursion.?limit')
    OR match({_TEXT}, '(iteration|turn|step).limit'), 'step_limit',
  match({_TEXT}, 'context.?(length|window)|maximum context|prompt is too long|too many tokens'),
    'context',
  match({_TEXT}, 'content.?(filter|policy|management)|responsibleai'), 'content_filter',
  'other')"""
"""SQL: what class of error it is; each has one detector, so no error is reported twice."""


class ErrorGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Errors of one class at one place, with one folded message when *signature* is set."""

    kind: str
    site: str
    signature: str
    traces: int
    spans: int
    broken: int
    """Traces that ended with it."""
    message: str
    """The earliest, as an example."""
    error_type: str
    seconds: float
    """Median length of the failing span."""
    retried_same: int
    """Tool calls of the group whose next call of that tool had the same arguments."""
    retried_changed: int


def error_groups(data: Dataset, error_class: str, *, by_signature: bool) -> list[ErrorGroup]:
    """Group the errors of a class by place (and folded message), the most traces first."""
    signature = "error_signature" if by_signature else "''"
    rows = data.rows(f"""
SELECT class, kind, site, {signature} AS signature,
  uniqExact(trace_id) AS traces, count() AS spans, uniqExactIf(trace_id, ended) AS broken,
  argMin(error_message, (start_ns, trace_id, span_id)) AS message,
  argMin(error_type, (start_ns, trace_id, span_id)) AS error_type,
  quantileExact(0.5)(duration_ns) / 1e9 AS seconds,
  countIf(next.1 = 1 AND next.2 = input_hash AND input_hash != 0) AS retried_same,
  countIf(next.1 = 1 AND next.2 != input_hash) AS retried_changed
FROM (
  SELECT trace_id, span_id, start_ns, kind, duration_ns, error_message, error_type,
    error_signature, input_hash, {CLASS} AS class, {SITE} AS site, next,
    (root.1 = 'ERROR' AND last_error = span_id) OR (last_step = span_id AND root.2) AS ended
  FROM (
    SELECT *, leadInFrame((1, input_hash)) OVER (
      PARTITION BY trace_id, kind, tool_name ORDER BY start_ns, span_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS next
    FROM spans WHERE trace_id IN (SELECT trace_id FROM spans WHERE status = 'ERROR')
  ) AS failing
  JOIN ({ENDED_OR_WENT_ON}) AS ends ON failing.trace_id = ends.trace_id
  WHERE {LEAF_ERROR}
)
GROUP BY class, kind, site, signature
ORDER BY traces DESC, spans DESC, class, kind, site, signature
""")
    return [_group(row) for row in rows if row["class"] == error_class]


def _group(row: dict[str, Any]) -> ErrorGroup:
    return msgspec.convert({k: v for k, v in row.items() if k != "class"}, ErrorGroup, strict=False)


def group_filter(group: ErrorGroup) -> str:
    """Try to say a group in the filter grammar, by what its messages have in common."""
    common = core_of(group.signature or fold_signature(group.message))
    return terms(
        ("kind", group.kind),
        site_term(group.kind, group.site),
        ("status", "error"),
        ("error", common if len(common) >= 8 else ""),
    )


def group_where(group: ErrorGroup, error_class: str) -> str:
    """Give the condition on `spans` that is this group."""
    folded = f" AND error_signature = {literal(group.signature)}" if group.signature else ""
    return (
        f"{LEAF_ERROR} AND kind = {literal(group.kind)} AND {SITE} = {literal(group.site)} AND "
        f"{CLASS} = {literal(error_class)}{folded}"
    )
