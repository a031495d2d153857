from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from cli.made_spans import Run
from cli.sample import FAILED, FINE, OTHER

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8

COMMANDS = [
    ["trace", "list", "-f"],
    ["trace", "get", FAILED, "-f"],
    ["span", "list", "-f"],
    ["halo", "run"],
]


def one_sentence(text: str) -> bool:
    """An error line, perhaps a hint below it, and no traceback."""
    lines = text.splitlines()
    return lines[0].startswith("error: ") and len(lines) <= 2 and "Traceback" not in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c[:2]))
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.jsonl", b""),
        ("blank.jsonl", b"\n\n\n"),
        ("text.jsonl", b"this is\nno JSON\n"),
        ("half.jsonl", b'{"trace_id": "79194633'),
        ("other.json", b'{"name": "package", "version": 1}'),
        ("picture.png", PNG),
        ("broken.jsonl.gz", gzip.compress(b"x" * 1000)[:-20]),
    ],
)
def test_what_holds_no_span_is_refused_in_one_sentence(
    run: Run, tmp_path: Path, command: list[str], name: str, content: bytes
):
    (tmp_path / name).write_bytes(content)
    ran = run(*command, name)
    assert (ran.code, ran.out) == (1, "")
    assert one_sentence(ran.err)
    assert name in ran.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c[:2]))
def test_a_file_that_is_not_there_is_not_found(run: Run, command: list[str]):
    ran = run(*command, "nowhere.jsonl")
    assert (ran.code, ran.out) == (3, "")
    assert one_sentence(ran.err)
    assert "nowhere.jsonl" in ran.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: " ".join(c[:2]))
def test_a_file_that_cannot_be_read_is_refused(run: Run, tmp_path: Path, command: list[str]):
    path = tmp_path / "secret.jsonl"
    path.write_bytes(b"{}")
    path.chmod(0)
    if os.access(path, os.R_OK):  # the superuser reads everything but a directory
        path.unlink()
        path.mkdir()
    ran = run(*command, "secret.jsonl")
    assert ran.code in (1, 3)
    assert one_sentence(ran.err)


@pytest.mark.parametrize("command", ["trace list -f", "halo run --format json"])
def test_the_good_lines_of_a_bad_file_are_read_and_the_bad_ones_named(
    run: Run, sample: str, tmp_path: Path, command: str
):
    lines = Path(sample).read_bytes().splitlines(keepends=True)
    mixed = [lines[0], b"not JSON\n", *lines[1:], b'{"trace_id": 7}\n', b'{"half": ', b"\n"]
    (tmp_path / "mixed.jsonl").write_bytes(b"".join(mixed))
    ran = run(*command.split(), "mixed.jsonl")
    assert ran.code == 0
    assert ran.out
    told = ran.err.splitlines()[0]
    assert told.startswith("skipped 3 lines: mixed.jsonl:2 (")
    assert "mixed.jsonl:10 (" in told


def test_many_bad_lines_are_counted_not_listed(run: Run, sample: str, tmp_path: Path):
    bad = Path(sample).read_bytes() + b"nonsense\n" * 5000
    (tmp_path / "mixed.jsonl").write_bytes(bad)
    ran = run("trace", "list", "-f", "mixed.jsonl", "-q")
    assert ran.out.split() == [OTHER, FINE, FAILED]
    assert ran.err.startswith("skipped 5,000 lines: ")
    assert "and 4,997 more" in ran.err


def test_one_bad_file_of_several_does_not_hide_the_others(run: Run, sample: str, tmp_path: Path):
    (tmp_path / "picture.png").write_bytes(PNG)
    ran = run("trace", "list", "-q", "-f", sample, "-f", "picture.png")
    assert ran.code == 0
    assert len(ran.out.split()) == 3
    assert "picture.png" in ran.err


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("trcae list", "Did you mean catalyst trace?"),
        ("trace lst", "Did you mean catalyst trace list?"),
        ("trace list --limt 3", "Did you mean --limit?"),
        ("trace list --status eror", "Did you mean error?"),
        ("trace list --kind LLM,TOLL", "Did you mean TOOL?"),
        ("trace list --sort costs", "Did you mean cost?"),
        ("trace list --fields trace_id,durationms", "Did you mean duration_ms?"),
        ("trace list modle:gpt-5", "Did you mean `model`?"),
        ("trace list status:eror", "Did you mean `error`?"),
        ("trace list --range 1y", "Say 15m, 1h, 7d, 2w or all."),
        ("trace list --from yesterday", "Say 2026-01-31"),
        ("trace list --metadata tenant", ""),
        ("trace list --cursor nonsense", "Use next_cursor"),
        ("trace list --limit x", "See catalyst trace list --help."),
        ("trace get", "See catalyst trace get --help."),
        ("trace get abc --view treee", "Did you mean tree?"),
        ("trace facets --facet modle", "Did you mean model?"),
        ("span get abc def --part outputs", "Did you mean output?"),
        ("halo run --fail-on hihg", "Did you mean high?"),
        ("halo run --format htm", "Did you mean html?"),
        ("halo run --model x --no-model", "Give one of them."),
        ("--color sometimes trace list", "Known: auto, always, never."),
    ],
)
def test_a_mistyped_word_names_the_closest_before_any_file_is_opened(
    run: Run, line: str, hint: str
):
    words = line.split()
    reads = words[0] in ("trace", "span") and words[1:2] != ["lst"]
    ran = run(*words, *(["-f", "nowhere.jsonl"] if reads else []))
    assert (ran.code, ran.out) == (2, "")
    assert one_sentence(ran.err)
    assert hint in ran.err
    assert "nowhere.jsonl" not in ran.err


def test_errors_are_json_when_json_is_asked_for(run: Run):
    for flag in ("--json", "--jsonl"):
        ran = run("trace", "list", "-f", "nowhere.jsonl", flag)
        assert ran.code == 3
        assert json.loads(ran.err) == {
            "error": "There is no file nowhere.jsonl.",
            "code": "not_found",
            "hint": "",
        }
    ran = run("trace", "lst", "--json")
    assert json.loads(ran.err)["code"] == "usage"


def test_forms_that_exclude_each_other_are_refused(run: Run):
    ran = run("trace", "list", "--json", "-q")
    assert ran.code == 2
    assert json.loads(ran.err)["hint"] == "Give one of them."


def test_an_error_shows_foreign_text_harmlessly(run: Run):
    ran = run("trace", "list", "-f", "\x1b[31mred\x1b[0m.jsonl", tty=80)
    assert "\x1b" not in ran.err
    assert "␛[31mred␛[0m.jsonl" in ran.err


def test_without_any_file_the_way_to_get_one_is_told(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CATALYST_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    ran = run("trace", "list")
    assert ran.code == 2
    assert ran.err == (
        "error: There are no traces to read: "
        "no --file or --server was given, there is no .catalyst/traces.jsonl here, "
        "and no server at http://127.0.0.1:9.\n"
        "Give --file traces.jsonl, or run `catalyst demo` to make some.\n"
    )


def test_the_projects_own_traces_are_read_by_default_and_that_is_told(
    run: Run, sample: str, tmp_path: Path
):
    (tmp_path / ".catalyst").mkdir()
    (tmp_path / ".catalyst" / "traces.jsonl").write_bytes(Path(sample).read_bytes())
    ran = run("trace", "list", "-q")
    assert ran.err == "reading .catalyst/traces.jsonl\n"
    assert ran.out.split() == [OTHER, FINE, FAILED]


def test_the_file_of_the_environment_is_read_by_default(
    run: Run, sample: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CATALYST_FILE", sample)
    assert run("trace", "list", "-q").err == f"reading {sample}\n"


def test_an_output_file_that_cannot_be_written_is_told(run: Run, sample: str):
    ran = run("trace", "get", FAILED, "-f", sample, "-o", "no/such/place.txt")
    assert ran.code == 2
    assert ran.err == "error: no/such/place.txt cannot be written: No such file or directory.\n"
