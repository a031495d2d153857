"""The journal: accepted batches, on disk before they are acknowledged, replayed until stored."""

from catalyst_sdk.store.journal._journal import Journal, JournalFull
from catalyst_sdk.store.journal._record import Batch

__all__ = ["Batch", "Journal", "JournalFull"]
