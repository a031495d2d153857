"""What a detector is: a rule over the data set, and what a person must know to trust it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Protocol, runtime_checkable

from catalyst_sdk.errors import ConfigError
from catalyst_sdk.findings import Category
from catalyst_sdk.halo._candidate import Candidate
from catalyst_sdk.halo._dataset import Dataset

__all__ = ["Detector", "Needs", "Rule", "RuleDetector", "Threshold", "detector"]

Rule = Callable[[Dataset], Iterable[Candidate]]


class Threshold(NamedTuple):
    """A default limit and the reason it stands where it stands."""

    value: float
    reason: str


class Needs(NamedTuple):
    """What must be in the data for a detector to say anything."""

    where: str
    """SQL condition on `spans` that counts what it looks at."""
    words: str
    """The same in words: `tool calls with arguments`."""


@runtime_checkable
class Detector(Protocol):
    """Looks for one failure mode over all traces of a data set."""

    @property
    def name(self) -> str:
        """Stable kebab-case name; part of every fingerprint."""
        ...

    @property
    def category(self) -> Category:
        """What its findings are filed under."""
        ...

    @property
    def family(self) -> str:
        """Findings of one family with the same spans are one problem, and are merged."""
        ...

    @property
    def looks_for(self) -> str:
        """One sentence."""
        ...

    @property
    def in_order(self) -> str:
        """What to say when nothing was found: `no call was repeated`."""
        ...

    @property
    def needs(self) -> Needs:
        """What it looks at."""
        ...

    @property
    def thresholds(self) -> Mapping[str, Threshold]:
        """Its limits by name."""
        ...

    def detect(self, data: Dataset) -> Iterable[Candidate]:
        """Give what was found, each with the condition that recounts it."""
        ...


@dataclass(frozen=True)
class RuleDetector:
    """A detector made of a function; see `detector`."""

    name: str
    category: Category
    looks_for: str
    in_order: str
    needs: Needs
    rule: Rule
    family: str = ""
    thresholds: Mapping[str, Threshold] = field(default_factory=dict[str, Threshold])

    def detect(self, data: Dataset) -> Iterable[Candidate]:
        """Run the rule with this detector's limits."""
        limits = {name: threshold.value for name, threshold in self.thresholds.items()}
        return self.rule(data.with_limits(limits))

    def with_limits(self, **limits: float) -> RuleDetector:
        """Give the same detector with other limits."""
        unknown = sorted(set(limits) - set(self.thresholds))
        if unknown:
            known = ", ".join(self.thresholds) or "none"
            raise ConfigError(
                f"The detector {self.name} has no limit {unknown[0]!r}.", hint=f"It has: {known}."
            )
        changed = {name: Threshold(value, "set by the caller") for name, value in limits.items()}
        return replace(self, thresholds={**self.thresholds, **changed})


def detector(
    name: str,
    *,
    category: Category,
    looks_for: str,
    needs: Needs | tuple[str, str],
    in_order: str = "",
    family: str = "",
    **thresholds: tuple[float, str],
) -> Callable[[Rule], RuleDetector]:
    """Make a detector of a function that takes a `Dataset` and yields `Candidate`s.

    Each further keyword is a limit and its reason: `min_traces=(3, "below that it is chance")`,
    read in the rule as `data.limit("min_traces")`.
    """

    def make(rule: Rule) -> RuleDetector:
        return RuleDetector(
            name=name,
            category=category,
            looks_for=looks_for,
            in_order=in_order or f"nothing found by {name}",
            needs=Needs(*needs),
            rule=rule,
            family=family or name,
            thresholds={limit: Threshold(*pair) for limit, pair in thresholds.items()},
        )

    return make
