"""`catalyst halo run`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from catalyst_sdk.cli._boundary import GATE_MATCHED, unread_is_fine
from catalyst_sdk.cli._data import file_flags, open_data, source_files
from catalyst_sdk.cli._filters import Asked, Filters, select
from catalyst_sdk.cli._format import plural, short_id
from catalyst_sdk.cli._gate import matched, read_baseline, verdict
from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._options import filter_options, output_options
from catalyst_sdk.cli._output import Listing, Output, current_output, show_listing, to_file
from catalyst_sdk.cli._progress import Ticker
from catalyst_sdk.cli._theme import spelled
from catalyst_sdk.errors import BadInput, ConfigError, NotFound
from catalyst_sdk.findings import SEVERITIES, Report

FORMATS = ("text", "md", "json", "html")
_BY_ENDING = {".md": "md", ".markdown": "md", ".json": "json", ".html": "html", ".htm": "html"}
_WIDEST = 110
FINDING_COLUMNS = ("id", "severity", "category", "title", "confidence", "fingerprint", "trace_ids")


@click.command(
    "run", cls=Command, example="catalyst halo run traces.jsonl --range 24h --fail-on high"
)
@click.argument("paths", nargs=-1, metavar="[FILE]...")
@option("-f", "--file", "files", multiple=True, metavar="FILE", help="The same as FILE.")
@option("--format", "form", type=OneOf("format", FORMATS), help="[text on a terminal, else md]")
@option(
    "-o", "--output", "path", metavar="FILE", help="Write the report; .html, .md, .json tell how."
)
@option("--prompt", metavar="TEXT", help="What a model is to look for.")
@option("--prompt-file", metavar="FILE", help="The same, from a file.")
@option("--model", "judge", metavar="NAME", help="Let a model investigate further.")
@option("--no-model", is_flag=True, help="Detectors only: no network, the same each time.")
@option(
    "--fail-on",
    type=OneOf("severity", SEVERITIES[:4]),
    help="Exit with 10 when a finding is at least this severe.",
)
@option(
    "--baseline", metavar="FILE", help="A JSON report: --fail-on counts only what is new since."
)
@filter_options(without=("model",))
@output_options
def halo_run(
    paths: Sequence[str],
    files: Sequence[str],
    form: str | None,
    path: str | None,
    prompt: str | None,
    prompt_file: str | None,
    judge: str | None,
    no_model: bool,
    fail_on: str | None,
    baseline: str | None,
    filters: Filters,
) -> int:
    """Read many traces, rank what goes wrong again and again, with evidence and fixes."""
    output = current_output(os.environ)
    output.check_fields(FINDING_COLUMNS)
    if judge and no_model:
        raise ConfigError("--model and --no-model exclude each other.", hint="Give one of them.")
    wanted = _prompt(prompt, prompt_file)
    asked = select(filters)
    known = read_baseline(baseline) if baseline else None
    given = [*paths, *files]
    report = _analyse(source_files(given, output), asked, output, prompt=wanted, model=judge)
    target = to_file(output, path) if path else output
    with unread_is_fine():
        _write(target, report, form or _BY_ENDING.get(Path(path or "").suffix.lower()))
    if path:
        output.note(f"wrote {path}")
    _end(output, report, given)
    if fail_on is None:
        return 0
    found = matched(report.findings, fail_on, known)
    output.note(verdict(found, fail_on, baseline=known is not None), "error" if found else "ok")
    return GATE_MATCHED if found else 0


def _prompt(text: str | None, path: str | None) -> str | None:
    if path is None:
        return text
    if text is not None:
        raise ConfigError("--prompt and --prompt-file exclude each other.")
    try:
        return Path(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise BadInput(f"{path} cannot be read: {reason}.") from None


def _analyse(
    sources: Sequence[str],
    asked: Asked,
    output: Output,
    *,
    prompt: str | None,
    model: str | None,
) -> Report:
    from catalyst_sdk import halo

    with (
        open_data(sources, output) as store,
        asked.narrowed(store) as narrowed,
        Ticker(output) as ticker,
    ):
        on_progress = _told(ticker)
        report = halo.run(narrowed, prompt=prompt, model=model, on_progress=on_progress)
    if not report.totals.traces:  # nothing to judge is no clean bill of health
        raise NotFound(
            f"No trace fits {asked.words}." if asked.words else "There is no trace to read.",
            hint="See what there is with: catalyst trace facets",
        )
    report.window, report.filter = asked.window.words, asked.text
    totals = report.totals
    if not output.error_screen.tty:
        read = f"{plural(totals.traces, 'trace')}, {plural(totals.spans, 'span')}"
        output.note(f"read {read}; {plural(len(report.findings), 'finding')}, {report.method}")
    return report


def _told(ticker: Ticker) -> Callable[[str, int, int], None]:
    def on_progress(stage: str, done: int, whole: int) -> None:
        ticker.show(f"{stage} {done:,} of {whole:,}" if whole else stage)

    return on_progress


def _write(output: Output, report: Report, form: str | None) -> None:
    from catalyst_sdk import halo

    if output.mode in ("ids", "jsonl") or output.fields:
        items = [{name: getattr(one, name) for name in FINDING_COLUMNS} for one in report.findings]
        listing = Listing(items=items, columns=FINDING_COLUMNS, identity=("id",))
        show_listing(output, listing, lambda _: [])
        return
    if output.mode == "json":
        form = "json"
    form = form or ("text" if output.screen.tty else "md")
    if form == "text":
        screen = output.screen
        color = screen.color is not None
        text = halo.render_terminal(report, width=min(screen.width, _WIDEST), color=color)
        output.write(spelled(text) if screen.ascii else text)
    elif form == "json":
        output.write(report.to_json() + "\n")
    else:
        render = halo.render_html if form == "html" else halo.render_markdown
        output.write(render(report))


def _end(output: Output, report: Report, files: Sequence[str]) -> None:
    cited = [evidence for finding in report.findings for evidence in finding.evidence]
    if not cited:
        output.hint([plural(report.totals.traces, "trace"), "nothing found"])
        return
    first = f"catalyst trace get {short_id(cited[0].trace_id)} --view timeline"
    output.hint([plural(len(report.findings), "finding")], first + file_flags(files))
