"""Which platform a client speaks to; the API is always Anthropic's."""

from __future__ import annotations

from typing import Any

_SYSTEM = "anthropic"
_PLATFORMS = {
    "BaseBedrockClient": "aws",
    "BaseAWSClient": "aws",
    "BaseVertexClient": "google",
    "BaseGoogleCloudClient": "google",
    "BaseFoundryClient": "azure",
}


def provider_and_system(client: Any) -> tuple[str, str]:
    """The provider by the client's type, else by its address."""
    for base in type(client).__mro__:
        if base.__name__ in _PLATFORMS:
            return _PLATFORMS[base.__name__], _SYSTEM
    host: str = client.base_url.host
    if host == "api.anthropic.com" or host.endswith(".anthropic.com"):
        return "anthropic", _SYSTEM
    return host, _SYSTEM
