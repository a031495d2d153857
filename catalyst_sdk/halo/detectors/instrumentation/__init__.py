"""Detectors of traces that say too little, or what cannot be."""

from catalyst_sdk.halo.detectors.instrumentation._traces import (
    clock_skew,
    double_billing,
    missing_agent,
    missing_content,
    missing_usage,
    split_agent,
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
