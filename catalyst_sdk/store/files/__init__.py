"""Trace files as a store: an index beside them, SQL over span facts, payloads by offset."""

from catalyst_sdk.store.files._folders import cache_directory
from catalyst_sdk.store.files._search import Hit
from catalyst_sdk.store.files._store import TOTALS_SQL, FileStore, open_files
from catalyst_sdk.store.files._tables import TRACES_SQL

__all__ = ["TOTALS_SQL", "TRACES_SQL", "FileStore", "Hit", "cache_directory", "open_files"]
