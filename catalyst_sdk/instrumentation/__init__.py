"""What an integration is, how installed ones are found, and what they share."""

from catalyst_sdk.instrumentation._discovery import (
    ENTRY_POINT_GROUP,
    InstrumentReport,
    instrument_installed,
    uninstrument,
)
from catalyst_sdk.instrumentation._instrumentor import Instrumentor, Wrapper

__all__ = [
    "ENTRY_POINT_GROUP",
    "InstrumentReport",
    "Instrumentor",
    "Wrapper",
    "instrument_installed",
    "uninstrument",
]
