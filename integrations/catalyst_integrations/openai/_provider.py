"""Which provider a client speaks to: OpenAI, Azure, or the host of an API of the same shape."""

from __future__ import annotations

from typing import Any

_SYSTEM = "openai"


def provider_and_system(client: Any) -> tuple[str, str]:
    """The provider by the client's type and address; the system is always OpenAI's API."""
    if any(base.__name__ == "BaseAzureClient" for base in type(client).__mro__):
        return "azure", _SYSTEM
    host: str = client.base_url.host
    if host == "api.openai.com" or host.endswith(".api.openai.com"):
        return "openai", _SYSTEM
    if host.endswith((".openai.azure.com", ".services.ai.azure.com")):
        return "azure", _SYSTEM
    return host, _SYSTEM
