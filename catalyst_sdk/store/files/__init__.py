"""Trace files as a store: an index beside them, SQL over span facts, payloads by offset."""

from catalyst_sdk.store.files._folders import cache_directory
from catalyst_sdk.store.files._store import FileStore, open_files

__all__ = ["FileStore", "cache_directory", "open_files"]
