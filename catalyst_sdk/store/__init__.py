"""Trace files (and later a server's tables) as one thing to query."""

from catalyst_sdk.store.files import FileStore, open_files

__all__ = ["FileStore", "open_files"]
