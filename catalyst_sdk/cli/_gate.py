"""`--fail-on`: whether a report holds up a build."""

from __future__ import annotations

from pathlib import Path

import msgspec

from catalyst_sdk.cli._format import plural
from catalyst_sdk.errors import BadInput, NotFound
from catalyst_sdk.findings import SEVERITIES, Finding, Report


def read_baseline(path: str) -> frozenset[str]:
    """Give the fingerprints of an earlier JSON report; raises NotFound or BadInput."""
    try:
        report = Report.from_json(Path(path).read_bytes())
    except FileNotFoundError:
        raise NotFound(
            f"There is no file {path}.", hint="--baseline takes a JSON report."
        ) from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {(error.strerror or '').lower()}.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise BadInput(
            f"{path} is no report of Halo.", hint="Make one with: catalyst halo run … --json"
        ) from None
    return frozenset(finding.fingerprint for finding in report.findings)


def matched(findings: list[Finding], severity: str, known: frozenset[str] | None) -> list[Finding]:
    """Give what is at least that severe, without what the baseline knew."""
    severe = SEVERITIES[: SEVERITIES.index(severity) + 1]  # pyright: ignore[reportArgumentType]
    return [
        finding
        for finding in findings
        if finding.severity in severe and finding.fingerprint not in (known or ())
    ]


def verdict(found: list[Finding], severity: str, *, baseline: bool) -> str:
    """Say in one line how the gate stands."""
    what = "new finding" if baseline else "finding"
    if not found:
        return f"gate: no {what} at {severity} or worse"
    worst = min(found, key=lambda finding: SEVERITIES.index(finding.severity))
    return f"gate: {plural(len(found), what)} at {severity} or worse, the first: {worst.title}"
