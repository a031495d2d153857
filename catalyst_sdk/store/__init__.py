"""Trace files (and later a server's tables) as one thing to query."""

from catalyst_sdk.store.files import FileStore, Hit, cache_directory, open_files
from catalyst_sdk.store.filter import (
    Filter,
    parse_filter,
    parse_moment,
    parse_range,
    time_range,
    where,
)

__all__ = [
    "FileStore",
    "Filter",
    "Hit",
    "cache_directory",
    "open_files",
    "parse_filter",
    "parse_moment",
    "parse_range",
    "time_range",
    "where",
]
