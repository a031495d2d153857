"""ClickHouse SQL inside this process and in memory, for file analysis without a server."""

from catalyst_sdk.store.embedded._database import Database

__all__ = ["Database"]
