"""The wrapper of `_base_client.{Sync,Async}APIClient.request`, through which every call goes."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from opentelemetry import context as otel
from opentelemetry.context import Context
from opentelemetry.trace import Tracer

from catalyst_sdk.hooks import check_stop
from catalyst_sdk.instrumentation._boundary import report_failure
from catalyst_sdk.instrumentation._current import attach, detach, suppressed
from catalyst_sdk.instrumentation._patch import Wrapper
from catalyst_sdk.instrumentation.llm import ModelCall, Request, as_object, current_claim
from catalyst_sdk.instrumentation.stainless._endpoint import Endpoint, Endpoints
from catalyst_sdk.instrumentation.stainless._outcome import Outcomes
from catalyst_sdk.instrumentation.stainless._pending import PendingCalls

Describe = Callable[[Any], tuple[str, str]]
"""Says of a client which provider it speaks to, and whose API that is."""


class _Begun(NamedTuple):
    call: ModelCall
    endpoint: Endpoint
    options: Any
    parsed: list[Any]
    """The answer as it came, before the user's own schema may reject it."""


class StainlessTracing:
    """Traces the calls of one Stainless SDK, *package*, through the endpoints it is given.

    *overrides* gives options to change for a traced call. *polled_id* finds the id in the URL by
    which a program asks for an answer again. An SDK that *rebuilds_streams* makes another stream
    from the response of the one it returned: then the bytes are observed instead. *debug* also
    records members of an answer that have no attribute of their own.
    """

    def __init__(
        self,
        package: str,
        tracer: Tracer,
        endpoints: Endpoints,
        describe: Describe,
        *,
        capture_content: bool = True,
        overrides: Callable[[Any], Mapping[str, Any]] | None = None,
        polled_id: Callable[[str], str | None] | None = None,
        rebuilds_streams: bool = False,
        debug: bool = False,
    ) -> None:
        self._package = package
        self._tracer = tracer
        self._endpoints = endpoints
        self._describe = describe
        self._capture_content = capture_content
        self._overrides = overrides
        self._polled_id = polled_id
        self._pending = PendingCalls(tracer)
        self._outcomes = Outcomes(
            package, self._pending, rebuilds_streams=rebuilds_streams, debug=debug
        )

    def wrappers(self) -> dict[tuple[str, str], Wrapper]:
        """What an Instrumentor's `wrappers` returns."""
        module = f"{self._package}._base_client"
        return {
            (module, "SyncAPIClient.request"): self._request,
            (module, "AsyncAPIClient.request"): self._async_request,
            (module, "BaseClient._calculate_retry_timeout"): _count_retry,
        }

    def _request(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        begun = self._begin(client, args, kwargs)
        if begun is None:
            result = wrapped(*args, **kwargs)
            self._polled(args, kwargs, result)
            return result
        args, kwargs = _with_options(args, kwargs, begun.options)
        token = attach(begun.call.context)
        try:
            result = wrapped(*args, **kwargs)
        except BaseException as error:
            self._failed(begun, error)
            raise
        finally:
            detach(token)
        self._outcomes.settle(begun.call, begun.endpoint, result)
        return result

    async def _async_request(self, wrapped: Any, client: Any, args: Any, kwargs: Any) -> Any:
        begun = self._begin(client, args, kwargs)
        if begun is None:
            result = await wrapped(*args, **kwargs)
            self._polled(args, kwargs, result)
            return result
        args, kwargs = _with_options(args, kwargs, begun.options)
        token = attach(begun.call.context)
        try:
            result = await wrapped(*args, **kwargs)
        except BaseException as error:
            self._failed(begun, error)
            raise
        finally:
            detach(token)
        self._outcomes.settle(begun.call, begun.endpoint, result)
        return result

    def _begin(self, client: Any, args: Any, kwargs: Any) -> _Begun | None:
        """Start the span, if the call is to be traced. Raises StopAgent where a hook asked so."""
        options = args[1] if len(args) > 1 else kwargs.get("options")
        endpoint = self._endpoint(options)
        context = otel.get_current()
        if endpoint is None or suppressed(context):
            return None
        check_stop()
        try:
            call = self._start(client, endpoint, options, context, bool(kwargs.get("stream")))
            parsed: list[Any] = []
            return _Begun(call, endpoint, self._adjusted(options, parsed), parsed)
        except Exception:  # noqa: BLE001 - the call goes on untraced
            report_failure(f"a {self._package} call could not be traced")
            return None

    def _polled(self, args: Any, kwargs: Any, result: Any) -> None:
        """See whether an untraced call brought the answer of an earlier one."""
        if self._polled_id is None or not self._pending:
            return
        try:
            options = args[1] if len(args) > 1 else kwargs["options"]
            key = self._polled_id(options.url)
            if key is not None:
                self._pending.polled(key, self._outcomes.readable(result), result)
        except Exception:  # noqa: BLE001 - the program has its result
            report_failure(f"a poll of {self._package} could not be read")

    def _endpoint(self, options: Any) -> Endpoint | None:
        url, method = getattr(options, "url", None), getattr(options, "method", None)
        if not isinstance(url, str) or method not in ("post", "POST"):
            return None
        return self._endpoints.get(url) or self._endpoints.get(url.partition("?")[0])

    def _start(
        self, client: Any, endpoint: Endpoint, options: Any, context: Context, streaming: bool
    ) -> ModelCall:
        body = as_object(options.json_data)
        provider, system = self._describe(client)
        model = body.get("model")
        request = Request(
            operation=endpoint.operation,
            kind=endpoint.kind,
            model=model if isinstance(model, str) else None,
            provider=provider,
            system=system,
            streaming=streaming,
            capture_content=self._capture_content,
        )
        call = ModelCall(self._tracer, request, context)
        if call.recording:
            request.details = self._read(endpoint, body)
        return call

    def _read(self, endpoint: Endpoint, body: Mapping[str, Any]) -> dict[str, Any]:
        details: dict[str, Any] = {}
        try:
            details.update(endpoint.parameters(body))
            if self._capture_content:
                details.update(endpoint.content(body))
        except Exception:  # noqa: BLE001 - the span is worth having without them
            report_failure(f"a {self._package} request could not be read")
        return details

    def _adjusted(self, options: Any, parsed: list[Any]) -> Any:
        changes = dict(self._overrides(options)) if self._overrides else {}
        post_parser = getattr(options, "post_parser", None)
        if callable(post_parser):

            def keep(answer: Any) -> Any:
                parsed.append(answer)
                return post_parser(answer)

            changes["post_parser"] = keep
        if not changes:
            return options
        options = copy.copy(options)
        for name, value in changes.items():
            setattr(options, name, value)
        return options

    def _failed(self, begun: _Begun, error: BaseException) -> None:
        """End the span of a call that raised: it was answered, if a user's schema rejected it."""
        answer = None
        try:
            if begun.parsed:
                answer = begun.endpoint.answer(begun.parsed[0])
        except Exception:  # noqa: BLE001 - the user's own error is on its way
            report_failure(f"a {self._package} answer could not be read")
        begun.call.finish(answer, error=error)


def _with_options(args: Any, kwargs: Any, options: Any) -> tuple[Any, Any]:
    if len(args) > 1:
        return (args[0], options, *args[2:]), kwargs
    return args, {**kwargs, "options": options}


def _count_retry(wrapped: Any, _client: Any, args: Any, kwargs: Any) -> Any:
    claim = current_claim()
    if claim is not None:
        claim.retries += 1
    return wrapped(*args, **kwargs)
