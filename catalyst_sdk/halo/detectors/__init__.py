"""What a detector is, which there are, and the SQL fragments they share."""

from catalyst_sdk.halo.detectors._detector import (
    Detector,
    Needs,
    Rule,
    RuleDetector,
    Threshold,
    detector,
)
from catalyst_sdk.halo.detectors._registry import ENTRY_POINT_GROUP, installed, select
from catalyst_sdk.halo.detectors._sql import literal, own_waste, pairs, turn_waste

__all__ = [
    "ENTRY_POINT_GROUP",
    "Detector",
    "Needs",
    "Rule",
    "RuleDetector",
    "Threshold",
    "detector",
    "installed",
    "literal",
    "own_waste",
    "pairs",
    "select",
    "turn_waste",
]
