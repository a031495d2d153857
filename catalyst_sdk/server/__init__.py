"""The server: OTLP ingest, JSON API, dashboard."""

from catalyst_sdk.server._app import build_app
from catalyst_sdk.server._serve import serve
from catalyst_sdk.server._settings import ServerSettings

__all__ = ["ServerSettings", "build_app", "serve"]
