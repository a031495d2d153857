"""What holds for the whole project: sizes, doors, words that must not be in it."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for folder in ("catalyst_sdk", "integrations/catalyst_integrations")
    for path in (ROOT / folder).rglob("*.py")
    if "tests" not in path.relative_to(ROOT).parts
)

MOST_LINES_OF_A_MODULE = 500
MOST_LINES_OF_A_FUNCTION = 80
MEDIAN_LINES_OF_FUNCTIONS = 10
P90_LINES_OF_FUNCTIONS = 35

FORBIDDEN = {
    "a path of one machine": r"/(?:work|root)/",
    "the address of a package registry": r"pypi\.org/simple|index-url|files\.pythonhosted",
    "an install by a name that is somebody else's on PyPI": r"pip install catalyst-sdk",
    "an unfinished place": r"\b(?:TODO|FIXME|XXX)\b",
}


def _functions() -> Iterator[tuple[str, int]]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", lines


def _tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.split("\0") if name]


def test_no_module_is_longer_than_its_limit():
    lengths = {str(p.relative_to(ROOT)): len(p.read_text().splitlines()) for p in SOURCES}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_MODULE} == {}


def test_no_function_is_longer_than_its_limit():
    assert [name for name, lines in _functions() if lines > MOST_LINES_OF_A_FUNCTION] == []


def test_most_functions_are_short():
    lengths = [lines for _, lines in _functions()]
    assert statistics.median(lengths) <= MEDIAN_LINES_OF_FUNCTIONS
    assert statistics.quantiles(lengths, n=10)[-1] <= P90_LINES_OF_FUNCTIONS


@pytest.mark.parametrize(
    "door", [p for p in SOURCES if p.name == "__init__.py"], ids=lambda p: p.parent.name
)
def test_a_package_names_what_it_offers_in_sorted_order(door: Path):
    tree = ast.parse(door.read_text())
    body = [node for node in tree.body if not isinstance(node, ast.Expr)]
    if not body:  # a docstring only: the package is a folder
        return
    names = next(
        (
            ast.literal_eval(node.value)
            for node in body
            if isinstance(node, ast.Assign)
            and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)
        ),
        None,
    )
    assert names is not None, "no __all__"
    assert list(names) == _isort(names)


def _isort(names: list[str]) -> list[str]:
    """Sort as ruff's RUF022 does: constants, then classes, then the rest."""

    def rank(name: str) -> tuple[int, str]:
        if name.isupper() and len(name) > 1:
            return 0, name
        return (1 if name[0].isupper() else 2), name

    return sorted(names, key=rank)


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str):
    pattern = re.compile(FORBIDDEN[what])
    found: list[str] = []
    for path in _tracked():
        if path == Path(__file__) or not path.is_file():
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}"
            for number, line in enumerate(lines, 1)
            if pattern.search(line)
        ]
    assert found == []


def test_the_architecture_page_quotes_the_layers_that_are_enforced():
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (layers,) = (
        contract["layers"]
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    page = (ROOT / "ARCHITECTURE.md").read_text()
    quoted = re.search(r"<!-- layers -->\n```\n(.*?)\n```", page, re.DOTALL)
    assert quoted is not None
    assert quoted[1].splitlines() == layers
