"""What a request cost, by genai-prices where it is installed.

About 100 µs a span, and 0.3 s once: for the exporter's thread, never for the caller's.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from catalyst_sdk import semconv
from catalyst_sdk.instrumentation._boundary import report_failure

_TOKENS = {
    "input_tokens": semconv.LLM_TOKENS_PROMPT,
    "output_tokens": semconv.LLM_TOKENS_COMPLETION,
    "cache_read_tokens": semconv.LLM_TOKENS_CACHE_READ,
    "cache_write_tokens": semconv.LLM_TOKENS_CACHE_WRITE,
    "input_audio_tokens": semconv.LLM_TOKENS_PROMPT_AUDIO,
    "output_audio_tokens": semconv.LLM_TOKENS_COMPLETION_AUDIO,
}


class Pricing:
    """Gives the cost attributes of a span; *load* imports a module."""

    def __init__(self, load: Callable[[str], Any] = importlib.import_module) -> None:
        self._load = load
        self._prices: Any = None
        self._installed = True

    def __call__(self, attributes: Mapping[str, Any]) -> dict[str, float]:
        """USD for the tokens; empty where the price is not known, or the cost is there."""
        if semconv.LLM_TOKENS_PROMPT not in attributes or semconv.LLM_COST_TOTAL in attributes:
            return {}
        if not self._installed:
            return {}
        model = attributes.get(semconv.LLM_MODEL_NAME)
        try:
            return self._cost(model, attributes) if isinstance(model, str) else {}
        except LookupError:  # no known price
            return {}
        except ImportError:
            self._installed = False
            return {}
        except Exception:  # noqa: BLE001 - the span leaves without its cost
            report_failure("a cost could not be calculated")
            return {}

    def _cost(self, model: str, attributes: Mapping[str, Any]) -> dict[str, float]:
        if self._prices is None:
            self._prices = self._load("genai_prices")
        usage = self._prices.Usage(**{name: attributes.get(key) for name, key in _TOKENS.items()})
        provider = _provider(attributes.get(semconv.LLM_PROVIDER))
        price = self._prices.calc_price(usage, model, **provider)
        return {
            semconv.LLM_COST_PROMPT: float(price.input_price),
            semconv.LLM_COST_COMPLETION: float(price.output_price),
            semconv.LLM_COST_TOTAL: float(price.total_price),
        }


def _provider(name: Any) -> dict[str, str]:
    """A host is looked up by address, a name by itself."""
    if not isinstance(name, str) or not name:
        return {}
    return {"provider_api_url": f"https://{name}"} if "." in name else {"provider_id": name}
