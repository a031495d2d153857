"""What hooks found, written on the span they found it on."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.sdk.trace import Event, ReadableSpan

from catalyst_sdk.findings import Finding
from catalyst_sdk.tracing._boundary import report_failure

EVENT = "catalyst.finding"


def with_findings(span: ReadableSpan, findings: Iterable[Finding]) -> ReadableSpan:
    """Give a copy of *span*, which has ended, with an event for each finding."""
    try:
        events = [
            Event(
                EVENT,
                {
                    "finding.id": finding.id,
                    "finding.title": finding.title,
                    "finding.severity": finding.severity,
                    "finding.detector": finding.detector,
                },
                span.end_time,
            )
            for finding in findings
        ]
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=span.attributes,
            events=(*span.events, *events),
            links=span.links,
            kind=span.kind,
            status=span.status,
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )
    except Exception:  # noqa: BLE001 - hooks return what they like; the span is exported as it is
        report_failure("noting a finding on its span failed")
        return span
