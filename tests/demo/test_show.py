"""What `catalyst demo` prints, and that the commands it suggests work."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from catalyst_sdk.demo import _show, run_and_report


@pytest.fixture(scope="module")
def printed(demo_run) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_show, "run_demo", lambda directory, on_session: demo_run("all"))
        out = io.StringIO()
        assert run_and_report("unused", width=100, color=False, out=out) == 0
    return out.getvalue()


def test_it_says_first_that_the_model_is_scripted(printed: str):
    assert "Scripted model on loopback: no provider is called" in printed.splitlines()[1]


def test_it_shows_the_worst_findings_whole_and_the_others_by_title(printed: str):
    whole, _, rest = printed.partition("And ")
    assert "are stopped after 7 model calls" in whole
    assert "Fix " in whole
    assert "check_warranty, which it is not offered" in rest


def test_no_line_is_wider_than_asked_for(printed: str):
    body = printed.partition("Try next")[0]  # commands are not broken: they are to be copied
    assert [line for line in body.splitlines() if len(line) > 100 and " " in line] == []


def test_without_colour_there_are_no_escapes(printed: str):
    assert "\033" not in printed


@pytest.mark.parametrize("noun", ["trace get", "span get", "trace list", "halo run"])
def test_a_suggested_command_works(printed: str, noun: str, tmp_path: Path):
    line = re.search(rf"^  \S*catalyst ({noun} .*)$", printed, re.MULTILINE)
    assert line is not None
    outcome = subprocess.run(
        [Path(sys.executable).parent / "catalyst", *shlex.split(line[1])],
        cwd=tmp_path,
        env={**os.environ, "CATALYST_PAGER": "cat"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
