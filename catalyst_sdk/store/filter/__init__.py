"""The filter grammar of command line, API and pages: one parser, compiled to SQL."""

from catalyst_sdk.store.filter._filter import Filter
from catalyst_sdk.store.filter._parse import of_agent, parse_filter, where
from catalyst_sdk.store.filter._range import parse_moment, parse_range, time_range
from catalyst_sdk.store.filter._terms import Bounds, Pattern, Term
from catalyst_sdk.store.filter._text import fits

__all__ = [
    "Bounds",
    "Filter",
    "Pattern",
    "Term",
    "fits",
    "of_agent",
    "parse_filter",
    "parse_moment",
    "parse_range",
    "time_range",
    "where",
]
