"""What must hold of every integration, whoever wrote it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import textwrap
import venv
from importlib.metadata import EntryPoint, entry_points, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import catalyst_integrations
from catalyst_sdk.instrumentation import ENTRY_POINT_GROUP, Instrumentor

ROOT = Path(__file__).parents[1]
PACKAGE = Path(catalyst_integrations.__path__[0])
FOLDERS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
ENTRIES: dict[str, EntryPoint] = {
    entry.name: entry
    for entry in entry_points(group=ENTRY_POINT_GROUP)
    if entry.value.startswith("catalyst_integrations.")
}


def _extra(name: str) -> set[str]:
    """The requirements that the extra *name* adds."""
    found: set[str] = set()
    for line in requires("catalyst-sdk") or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker and marker.evaluate({"extra": name}) and not marker.evaluate({"extra": ""}):
            found.add(f"{requirement.name}{requirement.specifier}")
    return found


def test_every_folder_is_registered() -> None:
    assert sorted(name.replace("-", "_") for name in ENTRIES) == FOLDERS


def test_every_folder_is_registered_with_the_launcher_of_opentelemetry() -> None:
    launched = {
        entry.name: entry.value for entry in entry_points(group="opentelemetry_instrumentor")
    }
    assert {name: launched.get(f"catalyst-{name}") for name in ENTRIES} == {
        name: entry.value for name, entry in ENTRIES.items()
    }


@pytest.mark.parametrize("name", ENTRIES)
def test_the_extra_is_what_the_instrumentor_requires(name: str) -> None:
    instrumentor = ENTRIES[name].load()
    assert issubclass(instrumentor, Instrumentor)
    assert _extra(name) == {str(Requirement(line)) for line in instrumentor.requires}


@pytest.mark.parametrize("name", ENTRIES)
def test_instrumenting_does_not_import_the_library(name: str) -> None:
    entry = ENTRIES[name]
    code = f"""
        import sys
        from {entry.module} import {entry.attr} as Instrumentor
        assert Instrumentor.module not in sys.modules, "imported with the integration"
        Instrumentor().instrument(skip_dep_check=True)
        assert Instrumentor.module not in sys.modules, "imported by instrument()"
        Instrumentor().uninstrument()
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_has_a_page_an_example_and_tests(folder: str) -> None:
    root = PACKAGE / folder
    page = (root / "README.md").read_text()
    assert "What is captured" in page
    assert "What is not" in page
    assert "Versions" in page
    assert (root / "example.py").is_file()
    assert list((root / "tests").glob("test_*.py"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_its_page_names_the_versions_it_requires(folder: str) -> None:
    (entry,) = (e for e in ENTRIES.values() if e.module.partition(".")[2] == folder)
    page = (PACKAGE / folder / "README.md").read_text()
    assert [line for line in entry.load().requires if line not in page] == []


@pytest.mark.parametrize(
    "path",
    [path for path in PACKAGE.rglob("*.py") if "tests" not in path.parts],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_the_library_is_imported_inside_functions_only(path: Path) -> None:
    """So that `init()` costs no import, and the module loads where the library is absent."""
    if path.name == "example.py" or path.parent == PACKAGE:
        return
    folder = path.relative_to(PACKAGE).parts[0]
    (entry,) = (e for e in ENTRIES.values() if e.module.partition(".")[2] == folder)
    library = entry.load().module.partition(".")[0]
    names: list[str] = []
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    assert [name for name in names if name.partition(".")[0] == library] == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ENTRIES)
def test_its_tests_pass_at_the_lowest_version_it_supports(name: str, tmp_path: Path) -> None:
    """In an environment of its own, with nothing but the SDK, that version and pytest.

    What its tests need besides is in their `requirements.txt`, of the versions in `lowest.txt`.
    """
    instrumentor = ENTRIES[name].load()
    lowest = [line.replace(">=", "==") for line in instrumentor.requires]
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--editable", ROOT, *lowest]
    tests = PACKAGE / name.replace("-", "_") / "tests"
    for option, file in (("--requirement", "requirements.txt"), ("--constraint", "lowest.txt")):
        if (tests / file).exists():
            install += [option, tests / file]
    installed = subprocess.run(
        [*install, "pytest", "pytest-timeout"], capture_output=True, text=True, check=False
    )
    if installed.returncode:
        pytest.skip(f"cannot install {lowest}: {installed.stderr.strip()[-300:]}")
    done = subprocess.run(
        [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
