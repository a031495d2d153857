"""Detectors of tools that fail, mislead, flood or idle, and of calls that bring nothing."""

from catalyst_sdk.halo.detectors.tools._calls import bad_arguments, unknown_tool, unused_tool
from catalyst_sdk.halo.detectors.tools._failing import empty_result, failing_tool
from catalyst_sdk.halo.detectors.tools._repeats import alternating_loop, repeated_call
from catalyst_sdk.halo.detectors.tools._results import one_by_one, oversized_output

__all__ = ["DETECTORS"]

DETECTORS = (
    failing_tool,
    empty_result,
    repeated_call,
    alternating_loop,
    unknown_tool,
    bad_arguments,
    unused_tool,
    oversized_output,
    one_by_one,
)
