"""A model provider on loopback: the chat-completions protocol, answered by a script."""

from catalyst_sdk.demo.provider._protocol import (
    CalledFunction,
    ChatRequest,
    Message,
    OfferedFunction,
    OfferedTool,
    Refusal,
    Reply,
    ToolCall,
    Usage,
)
from catalyst_sdk.demo.provider._server import Pace, Script, ScriptedProvider

__all__ = [
    "CalledFunction",
    "ChatRequest",
    "Message",
    "OfferedFunction",
    "OfferedTool",
    "Pace",
    "Refusal",
    "Reply",
    "Script",
    "ScriptedProvider",
    "ToolCall",
    "Usage",
]
