from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalyst_sdk import halo
from catalyst_sdk.findings import Report
from cli.made_spans import Run
from cli.sample import FAILED, FINE


@pytest.fixture(scope="module")
def failing(sample: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file where a tool fails in half of 24 traces."""
    path = tmp_path_factory.mktemp("failing") / "traces.jsonl"
    lines = Path(sample).read_bytes().splitlines(keepends=True)
    with path.open("wb") as file:
        for number in range(12):
            for trace in (FAILED, FINE):
                own = f"{trace[:8]}{number:024x}"
                for line in lines:
                    if trace.encode() in line:
                        file.write(line.replace(trace.encode(), own.encode()))
    return str(path)


@pytest.fixture(scope="module")
def real_report(failing: str) -> str:
    return halo.run(failing).to_json()


@pytest.fixture
def _at_once(real_report: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the report of one real analysis again, for what only shows or judges it."""
    monkeypatch.setattr(halo, "run", lambda *_, **__: Report.from_json(real_report))


@pytest.mark.usefixtures("_at_once")
def test_a_report_in_a_pipe_is_markdown_and_progress_goes_to_stderr(run: Run, failing: str):
    ran = run("halo", "run", failing, "--no-model")
    assert ran.code == 0
    assert ran.out.startswith("# ")
    assert "lookup_order" in ran.out
    assert ran.err.startswith("read 24 traces, 72 spans; ")


@pytest.mark.usefixtures("_at_once")
def test_a_report_on_a_terminal_is_drawn(run: Run, failing: str):
    ran = run("halo", "run", failing, tty=100)
    assert "lookup_order" in ran.out
    assert max(len(line) for line in ran.out.splitlines()) <= 100
    assert ran.err.splitlines()[-1].startswith("next: catalyst trace get 79194633")
    assert run("halo", "run", failing, "--ascii", tty=100).out.isascii()


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize("flags", [["--json"], ["--format", "json"]])
def test_json_of_a_report_reads_back(run: Run, failing: str, flags: list[str]):
    report = Report.from_json(run("halo", "run", failing, *flags).out)
    assert report.totals.traces == 24
    assert report.findings
    assert all(evidence.verified for one in report.findings for evidence in one.evidence)


@pytest.mark.usefixtures("_at_once")
@pytest.mark.parametrize(
    ("name", "start"), [("r.html", "<!doctype html>"), ("r.md", "# "), ("r.json", "{")]
)
def test_the_ending_of_the_file_decides_the_format(
    run: Run, failing: str, tmp_path: Path, name: str, start: str
):
    ran = run("halo", "run", failing, "-o", name)
    assert ran.out == ""
    assert (tmp_path / name).read_text().lower().startswith(start)


def test_a_severe_finding_fails_the_build(run: Run, failing: str):
    ran = run("halo", "run", failing, "--fail-on", "low", "--json")
    assert ran.code == 10
    assert Report.from_json(ran.out).findings
    assert "at low or worse" in ran.err


@pytest.mark.usefixtures("_at_once")
def test_only_what_the_baseline_did_not_know_fails_the_build(
    run: Run, failing: str, sample: str, tmp_path: Path
):
    assert run("halo", "run", failing, "-o", "before.json").code == 0
    gate = ["halo", "run", failing, "--fail-on", "low", "--baseline"]
    ran = run(*gate, "before.json")
    assert ran.code == 0
    assert "gate: no new finding at low or worse" in ran.err
    report = Report.from_json((tmp_path / "before.json").read_text())
    report.findings = []
    (tmp_path / "empty.json").write_text(report.to_json())
    assert run(*gate, "empty.json").code == 10


@pytest.mark.parametrize(("content", "code"), [(None, 3), ("no report", 1), ('{"title": 1}', 1)])
def test_a_baseline_that_is_no_report_is_refused_before_the_analysis(
    run: Run, tmp_path: Path, content: str | None, code: int
):
    if content is not None:
        (tmp_path / "b.json").write_text(content)
    ran = run("halo", "run", "nowhere.jsonl", "--fail-on", "high", "--baseline", "b.json")
    assert ran.code == code
    assert "b.json" in ran.err


def test_an_analysis_is_narrowed_by_the_common_filters(run: Run, failing: str):
    flags = ["halo", "run", "-f", failing, "--json"]
    report = json.loads(run(*flags, "--session", "s-2", "--range", "30m").out)
    assert report["totals"]["traces"] == 12
    assert (report["window"], report["filter"]) == ("last 30m", "session:s-2")


@pytest.mark.usefixtures("_at_once")
def test_findings_are_listed_by_id_or_field(run: Run, failing: str):
    ids = run("halo", "run", failing, "-q").out.split()
    lines = run("halo", "run", failing, "--jsonl", "--fields", "id,severity").out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids


def test_a_model_is_refused_while_there_is_none(run: Run, failing: str):
    assert run("halo", "run", failing, "--model", "openai:gpt-5.4").code == 2
    assert run("halo", "run", failing, "--prompt-file", "nowhere.txt").code == 1
