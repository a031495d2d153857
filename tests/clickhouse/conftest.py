"""One embedded live store for the module's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalyst_sdk.store.clickhouse import LiveStore


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStore]:
    folder = tmp_path_factory.mktemp("live")
    with LiveStore(f"chdb://{folder}", journal_options={"min_free_bytes": 0}) as store:
        yield store
