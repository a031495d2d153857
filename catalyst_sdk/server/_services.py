"""What the routes share: the store, the metadata, and who may do what."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from sqlalchemy import Engine

from catalyst_sdk.errors import CatalystError, ConfigError
from catalyst_sdk.server._live import Feed
from catalyst_sdk.server._metrics import Metrics
from catalyst_sdk.server._settings import ServerSettings
from catalyst_sdk.server.metadata import Keys, Projects, open_database
from catalyst_sdk.store.clickhouse import LiveStore

_log = logging.getLogger(__name__)
_TEND_EVERY_S = 600.0


class Services:
    """Everything a server holds open between its start and its stop."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.database: Engine = open_database(settings.database)
        self.projects = Projects(self.database)
        self.keys = Keys(self.database)
        self.projects.ensure_default()
        if not settings.loopback and not self.keys.any_active():
            self.database.dispose()
            raise ConfigError(
                f"Without an API key the server does not listen on {settings.host}.",
                hint="Make one with: catalyst key create --project default --scopes ingest,read",
            )
        self.feed = Feed()
        self.store = LiveStore(
            settings.store,
            spool=Path(".catalyst/spool"),
            on_stored=self.feed.tell,
            journal_options=settings.journal,
        )
        self.metrics = Metrics(self.store)
        if settings.retention_days is not None:
            self.store.set_retention("default", settings.retention_days)
        self._stopping = threading.Event()
        self._tending = threading.Thread(target=self._tend, name="store-tend", daemon=True)
        self._tending.start()

    def close(self) -> None:
        """Finish what was accepted, then let go."""
        self._stopping.set()
        self.feed.end()
        self._tending.join()
        if not self.store.flush(15):
            _log.warning("some batches wait in the journal for the next start")
        self.store.close()
        self.database.dispose()

    def _tend(self) -> None:
        while not self._stopping.wait(_TEND_EVERY_S):
            try:
                self.store.tend()
            except CatalystError:
                _log.exception("retention and pruning failed; they are tried again")
