"""Errors as JSON: one shape, one status for each kind."""

from __future__ import annotations

import logging
import secrets

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from catalyst_sdk.errors import AmbiguousId, CatalystError

_log = logging.getLogger(__name__)

_STATUS = {
    "usage": 400,
    "bad_input": 400,
    "ambiguous_id": 400,
    "unauthorised": 401,
    "forbidden": 403,
    "not_found": 404,
    "too_large": 413,
    "unsupported": 415,
    "busy": 429,
    "engine": 500,
    "journal_full": 503,
}


class TooLarge(CatalystError):
    """A body over the limit."""

    code = "too_large"


class Unsupported(CatalystError):
    """A media type or encoding this server does not read."""

    code = "unsupported"


class Busy(CatalystError):
    """The sender should come again later."""

    code = "busy"


def catalyst_error(_: Request, error: Exception) -> Response:
    """Answer one of our own errors."""
    assert isinstance(error, CatalystError)
    status = _STATUS.get(error.code, 500)
    headers = {"Retry-After": "2"} if status in (429, 503) else None
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    body: dict[str, object] = {"error": error.message, "code": error.code, "hint": error.hint}
    if isinstance(error, AmbiguousId):
        body["candidates"] = error.candidates
    return JSONResponse(body, status, headers)


def http_error(_: Request, error: Exception) -> Response:
    """Answer what routing found wrong, in the same shape."""
    assert isinstance(error, HTTPException)
    names = {404: "not_found", 405: "method_not_allowed"}
    code = names.get(error.status_code, "error")
    body = {"error": f"{error.detail}.", "code": code, "hint": ""}
    return JSONResponse(body, error.status_code, error.headers)


def unexpected(request: Request, error: Exception) -> Response:
    """Answer a defect: its details go to the log under an id, never to the client."""
    number = secrets.token_hex(4)
    _log.error("request %s to %s failed", number, request.url.path, exc_info=error)
    body = {"error": f"The server failed (request {number}).", "code": "error", "hint": ""}
    return JSONResponse(body, 500)
