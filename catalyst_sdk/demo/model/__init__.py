"""The scripted model: its decisions, keyed by the state of the conversation."""

from catalyst_sdk.demo.model._script import answer, under_load

__all__ = ["answer", "under_load"]
