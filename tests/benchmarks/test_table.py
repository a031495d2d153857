"""Rows against budgets, and as a table."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from benchmarks._table import Budget, Row, render


def test_less_is_better_unless_said_and_the_best_peer_counts():
    assert Row("index", "s", 2.0, {"a": 8.0, "b": 20.0, "c": None}).ahead == 4
    assert Row("rate", "1/s", 9.0, {"a": 3.0, "b": 1.0}, more_is_better=True).ahead == 3
    assert Row("alone", "s", 2.0, {"a": "not installed"}).ahead is None


@pytest.mark.parametrize(
    ("budget", "verdict"),
    [
        (None, ""),
        (Budget(most=2.0), "ok"),
        (Budget(most=1.9), "over"),
        (Budget(least=3.0), "over"),
        (Budget(most=2.0, ahead=4.0), "ok"),
        (Budget(most=2.0, ahead=4.1), "over"),
    ],
)
def test_a_verdict_needs_every_part_of_the_budget(budget: Budget | None, verdict: str):
    assert Row("index", "s", 2.0, {"peer": 8.0}, budget).verdict == verdict


def test_an_absent_peer_is_shown_and_is_no_obstacle():
    row = Row("index", "s", 2.0, {"peer": "not installed"}, Budget(ahead=4.0))
    assert row.verdict == "ok"
    assert render([row]) == snapshot(
        """\
| what  | unit | ours | peer          | ahead of best peer | budget    |    |
| ----- | ---- | ---- | ------------- | ------------------ | --------- | -- |
| index | s    | 2.00 | not installed | –                  | ≥ 4× peer | ok |\
"""
    )
