"""Detectors of answers and conversations that do not serve the user."""

from catalyst_sdk.halo.detectors.quality._answers import cut_output, empty_answer, invalid_json
from catalyst_sdk.halo.detectors.quality._conversations import handoff_pingpong, user_repeats
from catalyst_sdk.halo.detectors.quality._refusals import blocked_answer, refusal
from catalyst_sdk.halo.detectors.quality._retrieval import empty_retrieval, weak_retrieval

__all__ = ["DETECTORS"]

DETECTORS = (
    cut_output,
    refusal,
    blocked_answer,
    invalid_json,
    empty_answer,
    user_repeats,
    handoff_pingpong,
    empty_retrieval,
    weak_retrieval,
)
