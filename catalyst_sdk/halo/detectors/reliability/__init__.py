"""Detectors of runs that fail, stall, or end without a result."""

from catalyst_sdk.halo.detectors.reliability._endings import abandoned_stream, no_answer, step_limit
from catalyst_sdk.halo.detectors.reliability._errors import recovered_error, run_ending_error
from catalyst_sdk.halo.detectors.reliability._hidden import incomplete_trace, soft_error
from catalyst_sdk.halo.detectors.reliability._limits import context_overflow, quota, rate_limit
from catalyst_sdk.halo.detectors.reliability._retries import retry_storm, same_mistake
from catalyst_sdk.halo.detectors.reliability._timeouts import timeout

__all__ = ["DETECTORS"]

DETECTORS = (
    run_ending_error,
    recovered_error,
    timeout,
    rate_limit,
    quota,
    context_overflow,
    retry_storm,
    same_mistake,
    no_answer,
    step_limit,
    abandoned_stream,
    soft_error,
    incomplete_trace,
)
