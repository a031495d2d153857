"""One analysis: detect over all traces, count, cite, verify, merge, rank, report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.findings import Finding, Report, Totals
from catalyst_sdk.halo._checks import Check, eligible, healthy, not_looked_at
from catalyst_sdk.halo._dataset import Dataset
from catalyst_sdk.halo._finding import Made, cite_all, make
from catalyst_sdk.halo._measure import together
from catalyst_sdk.halo._merge import explain, merge, relate
from catalyst_sdk.halo._source import opened
from catalyst_sdk.halo._summary import summarise, title_of
from catalyst_sdk.halo.detectors._detector import Detector
from catalyst_sdk.halo.detectors._registry import select

if TYPE_CHECKING:
    from catalyst_sdk.store import FileStore

__all__ = ["detect", "run"]

_AT_ONCE = 4
"""Detectors that run at a time; the engine answers from several threads."""

Progress = Callable[[str, int, int], None]
"""Called with the stage (`read`, `detect`), how much of it is done, and how much there is."""


def run(
    source: str | Path | Sequence[str | Path] | FileStore,
    *,
    prompt: str | None = None,
    model: str | None = None,
    window: str | None = None,
    agent: str | None = None,
    filter: str | None = None,  # noqa: A002 - its name everywhere
    on_progress: Progress | None = None,
    detectors: Sequence[Detector | str] | None = None,
) -> Report:
    """Analyse traces and give the ranked report.

    *source* is a path, several, a glob, "-" or an open store. *window* (`24h`) counts back from
    the newest span, *agent* is a name or id, *filter* speaks the filter grammar. *detectors*
    replaces the installed ones; text in it names installed ones (`"*"`, `"tools"`, `"retry-*"`).
    Raises ConfigError, NotFound or BadInput for what was asked wrongly.
    """
    if model is not None or prompt is not None:
        raise ConfigError(
            "This version analyses with detectors only; there is no model to take a prompt.",
            hint="Leave out model and prompt.",
        )
    started, clock = time.time_ns(), time.perf_counter()
    told = on_progress or _silent
    remarks: list[str] = []
    chosen = select(detectors, remarks)
    with opened(
        source, window=window, agent=agent, filter=filter, on_progress=partial(told, "read")
    ) as store:
        data = Dataset(store, store.totals(), remarks=remarks)
        made, checks = _examine(data, chosen, told)
        report = _report(data, made, checks)
        report.sources = list(store.sources)
        report.dataset_hash = store.dataset_hash
        report.bad_lines, report.bad_line_count = list(store.bad_lines), store.bad_line_count
    report.window, report.filter = window or "", filter or ""
    report.started_ns, report.elapsed_s = started, round(time.perf_counter() - clock, 3)
    return report


def detect(
    source: str | Path | Sequence[str | Path] | FileStore,
    *,
    window: str | None = None,
    agent: str | None = None,
    filter: str | None = None,  # noqa: A002 - its name everywhere
    detectors: Sequence[Detector | str] | None = None,
) -> list[Finding]:
    """Give the findings alone, ranked worst first; arguments as for `run`."""
    return run(source, window=window, agent=agent, filter=filter, detectors=detectors).findings


def _silent(_stage: str, _done: int, _whole: int) -> None:
    return


def _examine(
    data: Dataset, detectors: Sequence[Detector], told: Progress
) -> tuple[list[Made], list[Check]]:
    """Run every detector, some at a time; findings come in the detectors' order."""
    checks = eligible(data, detectors)
    made: list[Made] = []
    with ThreadPoolExecutor(min(_AT_ONCE, os.cpu_count() or 1), "halo") as pool:
        told("detect", 0, len(checks))
        for number, (own, found) in enumerate(pool.map(partial(_detect, data), checks), 1):
            told("detect", number, len(checks))
            made += found
            for remark in own.remarks:
                data.leave_out(remark)
    return made, checks


def _detect(data: Dataset, check: Check) -> tuple[Dataset, list[Made]]:
    """Run one detector; when it raises it is named in the report, and the others go on."""
    own = data.view()
    if check.looked_at == 0:
        return own, []
    try:
        found = [make(own, check.detector, one) for one in check.detector.detect(own)]
    except Exception as error:  # noqa: BLE001 - the boundary to a detector, maybe a third party's
        check.failed = f"{type(error).__name__}: {error}".split("\n")[0]
        return own, []
    made = [one for one in found if one is not None]
    check.found, check.unsure = len(made), bool(own.remarks or own.passed_over)
    return own, made


def _report(data: Dataset, made: list[Made], checks: list[Check]) -> Report:
    kept = explain(merge(data, made))
    relate(kept)
    kept.sort(key=lambda m: (-m.finding.score, m.finding.id))
    findings = [m.finding for m in kept]
    tried = cite_all(data, kept)
    agents = [baseline.agent for baseline in data.agents() if baseline.agent]
    report = Report(
        title=title_of(agents),
        sources=[],
        agents=agents,
        totals=_rounded(data.totals),
        findings=findings,
        method="detectors only",
        waste=together(m.spent for m in kept),
        citations_total=tried,
        citations_verified=sum(len(f.evidence) for f in findings),
        healthy=healthy(checks),
        not_looked_at=not_looked_at(data, checks),
    )
    report.summary = summarise(report)
    return report


def _rounded(totals: Totals) -> Totals:
    """Sums of money depend on the order of rows in their last digits."""
    totals.cost_usd = round(totals.cost_usd, 9)
    return totals
