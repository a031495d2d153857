"""The Python in the documentation runs, each block in a directory of its own.

A block opened by "```python" is a program of its own; "```python continued" goes on where the block
before it ended; "```python no-run" is only read. `traces.jsonl` of a small demo run lies in the
directory, the same as `runs/monday.jsonl.gz`, and OPENAI_BASE_URL points to the scripted model.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalyst_sdk import halo
from catalyst_sdk.demo import run_demo, scripted_model

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python(?: (?P<tag>[\w-]+))?\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")


def _programs() -> Iterator[object]:
    for page in PAGES:
        text = page.read_text() if page.exists() else ""
        program, label = "", ""
        for block in BLOCK.finditer(text):
            tag = block["tag"] or ""
            if tag == "no-run":
                continue
            if tag == "continued":
                program += block["code"]
                continue
            if program:
                yield pytest.param(program, id=label)
            line = text.count("\n", 0, block.start()) + 1
            program, label = block["code"], f"{page.relative_to(ROOT)}:{line}"
        if program:
            yield pytest.param(program, id=label)


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_demo(tmp_path_factory.mktemp("demo"), sessions=10).path


@pytest.fixture(scope="module")
def model_url() -> Iterator[str]:
    with scripted_model() as provider:
        yield provider.base_url


@pytest.mark.parametrize("program", list(_programs()))
def test_a_block_of_the_documentation_runs(
    program: str, traces: Path, model_url: str, tmp_path: Path
):
    shutil.copy(traces, tmp_path / "traces.jsonl")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "monday.jsonl.gz").write_bytes(gzip.compress(traces.read_bytes()))
    environment = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    outcome = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**environment, "OPENAI_BASE_URL": model_url, "OPENAI_API_KEY": "scripted-model"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert outcome.returncode == 0, f"{program}\n{outcome.stderr}"


@pytest.mark.parametrize("page", [p for p in PAGES if p.exists()], ids=lambda p: p.name)
def test_a_link_within_the_project_leads_somewhere(page: Path):
    targets = [page.parent / target for target in LINK.findall(page.read_text())]
    assert [str(t.relative_to(page.parent)) for t in targets if not t.exists()] == []


def test_the_index_lists_every_page_of_the_documentation():
    index = (ROOT / "docs" / "README.md").read_text()
    pages = [
        path.relative_to(ROOT / "docs").as_posix()
        for path in (ROOT / "docs").rglob("*.md")
        if path.name != "README.md" and path.parent.name != "decisions"
    ]
    assert [page for page in pages if f"({page})" not in index] == []


def test_the_readme_counts_the_detectors_there_are():
    counted = re.search(
        r"^(\d+) detectors look for", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    assert counted is not None
    assert int(counted[1]) == len(halo.installed())


def test_the_readme_leads_to_every_integration():
    readme = (ROOT / "README.md").read_text()
    pages = sorted((ROOT / "integrations" / "catalyst_integrations").glob("*/README.md"))
    assert pages
    assert [p for p in pages if f"({p.relative_to(ROOT).as_posix()})" not in readme] == []
