"""Detectors of tokens, money and time spent for nothing."""

from catalyst_sdk.halo.detectors.cost._cache import uncached_prompt
from catalyst_sdk.halo.detectors.cost._growth import context_growth
from catalyst_sdk.halo.detectors.cost._latency import serial_calls, slow_tail
from catalyst_sdk.halo.detectors.cost._models import overpowered_model, reasoning_heavy
from catalyst_sdk.halo.detectors.cost._requests import repeated_request
from catalyst_sdk.halo.detectors.cost._runs import runaway_run, version_regression

__all__ = ["DETECTORS"]

DETECTORS = (
    context_growth,
    uncached_prompt,
    repeated_request,
    overpowered_model,
    reasoning_heavy,
    runaway_run,
    slow_tail,
    serial_calls,
    version_regression,
)
