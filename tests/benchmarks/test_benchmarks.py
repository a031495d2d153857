"""Every benchmark runs at a tiny size; what it measures is not looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ["overhead", "spans", "import_time", "jsonl_export", "index", "analysis"]

pytest.importorskip("chdb")
pytest.importorskip("openai")
pytest.importorskip("anthropic")


# Some twenty processes, each importing a client or the engine: slow where cores are shared.
pytestmark = pytest.mark.timeout(600)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    """What a run of all of them printed, and the rows it wrote."""
    path = tmp_path_factory.mktemp("benchmarks") / "rows.json"
    done = _run("--quick", "--no-peers", "--json", str(path))
    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(path.read_text())


@pytest.mark.parametrize("name", NAMES)
def test_it_gives_a_row_for_each_measurement(name: str, ran: Any) -> None:
    printed, results = ran
    assert f"## {name}: " in printed
    assert results[name]
    for row in results[name]:
        assert f"| {row['what']} " in printed


def test_all_are_run_when_none_is_named(ran: Any) -> None:
    assert list(ran[1]) == NAMES


def test_a_name_it_does_not_know_is_said_with_those_it_does() -> None:
    done = _run("overheads")
    assert done.returncode == 2
    assert "there is no benchmark overheads; known: overhead, spans" in done.stderr
