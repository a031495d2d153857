"""Wheel and sdist build, and the wheel alone traces an agent with no more than it declares."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[1]

DECLARED = re.compile(r"opentelemetry-|wrapt|msgspec")

TRACED_AGENT = """
import sys
import catalyst_sdk

catalyst_sdk.init(agent_name="bare", file="bare.jsonl")

@catalyst_sdk.trace_span(kind="TOOL")
def add(a, b):
    return a + b

with catalyst_sdk.agent_span("Bare agent", session_id="s1"):
    add(1, 2)

catalyst_sdk.shutdown()
"""

IMPORT_EACH_BASE_MODULE = """
import importlib, pkgutil, catalyst_sdk
for part in ("spans", "export", "tracing", "instrumentation", "findings", "hooks", "errors"):
    module = importlib.import_module("catalyst_sdk." + part)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), module.__name__ + "."):
        if ".testing" not in found.name:  # for those who have pytest
            importlib.import_module(found.name)
"""


def _run(*command: object, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    outcome = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    _run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def bare_python(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    (wheel,) = built.glob("*.whl")
    _run(python, "-m", "pip", "install", "--quiet", wheel, cwd=folder)
    return python


def test_the_wheel_holds_both_packages_and_no_tests(built: Path):
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "catalyst_sdk/py.typed" in names
    assert "catalyst_integrations/openai/__init__.py" in names
    assert [name for name in names if "tests/" in name or name.endswith("example.py")] == []


def test_the_sdist_holds_what_it_takes_to_test_it(built: Path):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "Makefile", "README.md", "tests/test_packaging.py"} <= names


def test_the_bare_install_declares_only_opentelemetry_wrapt_and_msgspec(bare_python: Path):
    asked = _run(
        bare_python,
        "-c",
        "import importlib.metadata as m; print('\\n'.join(m.requires('catalyst-sdk')))",
        cwd=bare_python.parent,
    )
    base = [line for line in asked.splitlines() if "extra ==" not in line]
    assert base
    assert [line for line in base if not DECLARED.match(line)] == []


def test_the_bare_install_traces_an_agent_to_a_file(bare_python: Path, tmp_path: Path):
    _run(bare_python, "-W", "error", "-c", TRACED_AGENT, cwd=tmp_path)
    spans = [json.loads(line) for line in (tmp_path / "bare.jsonl").read_text().splitlines()]
    assert {span["name"] for span in spans} == {"Bare agent", "add"}
    assert {span["attributes"]["session.id"] for span in spans} == {"s1"}


def test_the_bare_install_imports_every_base_module(bare_python: Path, tmp_path: Path):
    _run(bare_python, "-W", "error", "-c", IMPORT_EACH_BASE_MODULE, cwd=tmp_path)


def test_the_command_of_a_bare_install_says_what_it_needs(bare_python: Path, tmp_path: Path):
    outcome = subprocess.run(
        [bare_python.parent / "catalyst", "doctor"], capture_output=True, text=True, check=False
    )
    assert outcome.returncode == 1
    assert "[cli]" in outcome.stderr


def test_the_tests_of_the_base_pass_on_the_bare_wheel(bare_python: Path, tmp_path: Path):
    tools = ("pytest", "pytest-timeout", "hypothesis", "inline-snapshot", "zstandard")
    _run(bare_python, "-m", "pip", "install", "--quiet", *tools, cwd=tmp_path)
    for folder in ("tests", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    areas = [f"tests/{area}" for area in ("spans", "tracing", "export")]
    without_extras = ("--ignore", "tests/export/test_grpc.py")
    _run(bare_python, "-m", "pytest", "-q", "-m", "not slow", *without_extras, *areas, cwd=tmp_path)
