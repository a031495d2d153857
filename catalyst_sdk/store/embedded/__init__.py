"""ClickHouse SQL inside this process and in memory, for file analysis without a server."""

from catalyst_sdk.store.embedded._database import Database, warm_up

__all__ = ["Database", "warm_up"]
