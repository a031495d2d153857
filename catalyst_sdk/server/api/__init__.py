"""The JSON API under /api/v1."""

from catalyst_sdk.server.api._routes import API, ENDPOINTS, routes

__all__ = ["API", "ENDPOINTS", "routes"]
