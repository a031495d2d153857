"""Detectors come by entry point, this package's own included, and each is documented."""

from __future__ import annotations

import importlib
import re
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from catalyst_sdk import halo
from catalyst_sdk.errors import ConfigError
from catalyst_sdk.halo.detectors import ENTRY_POINT_GROUP, _registry

ROOT = Path(__file__).parents[2]
NAMES = [detector.name for detector in halo.installed()]


def declared() -> dict[str, str]:
    text = (ROOT / "pyproject.toml").read_text()
    section = text.split(f"[project.entry-points.{ENTRY_POINT_GROUP}]")[1].split("\n\n")[0]
    return dict(re.findall(r'^(\w+) = "([^"]+)"$', section, re.MULTILINE))


def test_what_is_installed_is_what_the_families_offer():
    offered = []
    for target in declared().values():
        module, name = target.split(":")
        offered += getattr(importlib.import_module(module), name)
    assert sorted(detector.name for detector in offered) == NAMES
    assert len(set(NAMES)) == len(NAMES) >= 46


@pytest.fixture
def points(monkeypatch):
    def use(**targets):
        found = [EntryPoint(name, value, ENTRY_POINT_GROUP) for name, value in targets.items()]
        monkeypatch.setattr(_registry, "entry_points", lambda group: found)

    return use


def test_a_third_party_joins_by_the_same_door(points):
    points(theirs="catalyst_sdk.halo.detectors.cost._runs:runaway_run")
    assert [detector.name for detector in halo.installed()] == ["runaway-run"]


def test_a_package_that_cannot_be_loaded_is_named_and_the_others_run(points, healthy_store):
    points(
        good="catalyst_sdk.halo.detectors.cost._runs:runaway_run",
        gone="no_such_package:DETECTORS",
        wrong="json:dumps",
    )
    report = halo.run(healthy_store)
    said = " ".join(report.not_looked_at)
    assert "no_such_package" in said
    assert "json:dumps is no detector" in said
    assert any("no run costs far more" in line for line in report.healthy)


def test_an_installation_without_entry_points_is_told_how_to_mend_itself(points):
    points()
    with pytest.raises(ConfigError) as raised:
        halo.installed()
    assert "pip install -e" in raised.value.hint


@pytest.mark.parametrize("name", NAMES)
def test_a_detector_is_documented_as_it_is(name):
    (detector,) = halo.select([name])
    text = (ROOT / "docs" / "detectors.md").read_text()
    section = re.search(rf"^### {name}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"{name} has no section in docs/detectors.md"
    assert detector.looks_for in section[1]
    assert "*Counts.*" in section[1]
    assert "*Waste.*" in section[1]
    for limit, threshold in detector.thresholds.items():
        value = f"{threshold.value:g}" if threshold.value < 1000 else f"{threshold.value:,.0f}"
        assert f"| `{limit}` | {value} | {threshold.reason} |" in section[1]


def test_nothing_is_documented_that_does_not_exist():
    text = (ROOT / "docs" / "detectors.md").read_text()
    assert sorted(re.findall(r"^### (\S+)$", text, re.MULTILINE)) == NAMES
