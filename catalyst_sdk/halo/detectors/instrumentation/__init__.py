"""Detectors of traces that say too little, or what cannot be."""

from catalyst_sdk.halo.detectors.instrumentation._clock import clock_skew
from catalyst_sdk.halo.detectors.instrumentation._identity import missing_agent, split_agent
from catalyst_sdk.halo.detectors.instrumentation._recording import (
    double_billing,
    missing_content,
    missing_usage,
)

__all__ = ["DETECTORS"]

DETECTORS = (
    missing_agent,
    split_agent,
    missing_usage,
    missing_content,
    double_billing,
    clock_skew,
)
