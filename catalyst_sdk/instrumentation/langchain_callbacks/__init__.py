"""Tracing by LangChain's callbacks, for the integrations of everything that reports by them."""

from catalyst_sdk.instrumentation.langchain_callbacks._instrumentor import CallbackInstrumentor
from catalyst_sdk.instrumentation.langchain_callbacks._scope import (
    Hint,
    scoped_async_generator,
    scoped_call,
    scoped_coroutine,
    scoped_generator,
)

__all__ = [
    "CallbackInstrumentor",
    "Hint",
    "scoped_async_generator",
    "scoped_call",
    "scoped_coroutine",
    "scoped_generator",
]
