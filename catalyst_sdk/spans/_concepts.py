"""Which attribute says what, in every dialect: one ordered list of names for each concept.

Earlier names win. Sources: OpenInference, OpenTelemetry GenAI, OpenLLMetry (traceloop), Langfuse,
Logfire, Vercel AI SDK, LangSmith, anthropic's own spans, LiveKit, halo-engine's `inference.*`.
"""

from __future__ import annotations

from collections.abc import Mapping

from catalyst_sdk import semconv

CONCEPTS: dict[str, tuple[str, ...]] = {
    "agent_name": (
        semconv.AGENT_NAME,
        "gen_ai.agent.name",
        "sdk.data.agent_name",
        "traceloop.association.properties.agent_name",
        "agent_name",
        "lk.agent_name",
        semconv.INFERENCE_AGENT_NAME,
    ),
    "agent_id": (semconv.AGENT_ID, "gen_ai.agent.id", semconv.INFERENCE_AGENT_ID),
    "agent_role": (semconv.AGENT_ROLE, "gen_ai.agent.description"),
    "session_id": (
        semconv.SESSION_ID,
        "gen_ai.conversation.id",
        "langfuse.session.id",
        "traceloop.association.properties.session_id",
        "langsmith.trace.session_id",
        "langsmith.metadata.session_id",
        "langsmith.metadata.thread_id",
        "ai.telemetry.metadata.sessionId",
        "session_id",
        "thread_id",
        "agent.workflow.group_id",
        "inference.session_id",
    ),
    "user_id": (
        semconv.USER_ID,
        "enduser.id",
        "langfuse.user.id",
        "traceloop.association.properties.user_id",
        "langsmith.metadata.user_id",
        "ai.telemetry.metadata.userId",
        "user_id",
        "inference.user_id",
    ),
    "project": (
        "langsmith.trace.session_name",
        "openinference.project.name",
        "project.id",
        semconv.INFERENCE_PROJECT_ID,
    ),
    "environment": (semconv.ENVIRONMENT, "deployment.environment", "langfuse.environment"),
    "model": (
        semconv.LLM_MODEL_NAME,
        "llm.response.model_name",
        "gen_ai.response.model",
        "ai.response.model",
        semconv.LLM_REQUEST_MODEL_NAME,
        "gen_ai.request.model",
        "langfuse.observation.model.name",
        "ai.model.id",
        "embedding.model_name",
        "reranker.model_name",
        "langsmith.metadata.ls_model_name",
        "model_name",
        semconv.INFERENCE_MODEL,
    ),
    "request_model": (
        semconv.LLM_REQUEST_MODEL_NAME,
        "gen_ai.request.model",
        "ai.model.id",
        "langsmith.metadata.ls_model_name",
    ),
    "provider": (
        semconv.LLM_PROVIDER,
        "gen_ai.provider.name",
        "gen_ai.system",
        semconv.LLM_SYSTEM,
        "ai.model.provider",
        "langsmith.metadata.ls_provider",
        "inference.llm.provider",
    ),
    "prompt_tokens": (
        semconv.LLM_TOKENS_PROMPT,
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.prompt_tokens",
        "llm.usage.prompt_tokens",
        "ai.usage.promptTokens",
        "ai.usage.inputTokens",
        "ai.usage.tokens",
        semconv.INFERENCE_INPUT_TOKENS,
    ),
    "completion_tokens": (
        semconv.LLM_TOKENS_COMPLETION,
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.completion_tokens",
        "llm.usage.completion_tokens",
        "ai.usage.completionTokens",
        "ai.usage.outputTokens",
        semconv.INFERENCE_OUTPUT_TOKENS,
    ),
    "total_tokens": (
        semconv.LLM_TOKENS_TOTAL,
        "gen_ai.usage.total_tokens",
        "llm.usage.total_tokens",
        "ai.usage.totalTokens",
    ),
    "cache_read_tokens": (
        semconv.LLM_TOKENS_CACHE_READ,
        "llm.token_count.prompt_cached",
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.cached_input_tokens",
        "gen_ai.usage.details.cache_read_tokens",
        "ai.usage.cachedInputTokens",
        "inference.llm.cached_input_tokens",
    ),
    "cache_write_tokens": (
        semconv.LLM_TOKENS_CACHE_WRITE,
        "gen_ai.usage.cache_creation.input_tokens",
        "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.details.cache_write_tokens",
    ),
    "reasoning_tokens": (
        semconv.LLM_TOKENS_REASONING,
        "llm.token_count.completion_reasoning",
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.details.reasoning_tokens",
        "ai.usage.reasoningTokens",
        "inference.llm.reasoning_output_tokens",
    ),
    "usage_details": ("langfuse.observation.usage_details", "gen_ai.usage.raw"),
    "cost": (
        semconv.LLM_COST_TOTAL,
        "operation.cost",
        "gen_ai.usage.cost",
        "gen_ai.usage.total_cost",
        "inference.llm.cost.total",
    ),
    "cost_details": ("langfuse.observation.cost_details",),
    "first_token_ms": (
        semconv.LLM_TIME_TO_FIRST_TOKEN_MS,
        "ai.response.msToFirstChunk",
        "ai.stream.msToFirstChunk",
    ),
    "first_token_s": (
        "gen_ai.response.time_to_first_chunk",
        "gen_ai.server.time_to_first_token",
        "lk.response.ttft",
    ),
    "first_token_time": ("langfuse.observation.completion_start_time",),
    "finish_reason": (
        semconv.LLM_FINISH_REASON,
        "gen_ai.response.finish_reasons",
        "anthropic.message.stop_reason",
        "gen_ai.completion.0.finish_reason",
        "ai.response.finishReason",
        "llm.response.finish_reason",
        "llm.response.stop_reason",
    ),
    "parameters": (
        semconv.LLM_INVOCATION_PARAMETERS,
        "langfuse.observation.model.parameters",
        "request_data",
        "model_request_parameters",
    ),
    "output_type": ("gen_ai.output.type",),
    "tool_name": (
        semconv.TOOL_NAME,
        "gen_ai.tool.name",
        "ai.toolCall.name",
        "lk.function_tool.name",
    ),
    "entity_name": ("traceloop.entity.name",),
    "tool_call_id": (
        semconv.TOOL_CALL_ID,
        "gen_ai.tool.call.id",
        "tool.id",
        "ai.toolCall.id",
        "lk.function_tool.id",
    ),
    "handoff": ("agent.handoff.to", "sdk.data.to_agent"),
    "error_type": ("exception.type", "error.type", "error.code"),
    "error_message": (
        "exception.message",
        "error.message",
        "langfuse.observation.status_message",
    ),
    "level": ("langfuse.observation.level",),
    "stream_outcome": (semconv.LLM_STREAM_OUTCOME,),
    "retries": (semconv.LLM_RETRIES,),
    "documents": (semconv.RETRIEVAL_DOCUMENTS, "reranker.output_documents"),
    "system": ("gen_ai.system_instructions",),
    "tools": (
        semconv.LLM_TOOLS,
        "gen_ai.tool.definitions",
        "ai.prompt.tools",
        "llm.request.functions",
    ),
    "agent_tools": ("agent.tools", "gen_ai.agent.tools"),
    "input_messages": (
        semconv.LLM_INPUT_MESSAGES,
        "gen_ai.input.messages",
        "ai.prompt.messages",
        "pydantic_ai.all_messages",
        "all_messages_events",
    ),
    "output_messages": (semconv.LLM_OUTPUT_MESSAGES, "gen_ai.output.messages"),
    "input": (
        semconv.INPUT_VALUE,
        "gen_ai.tool.call.arguments",
        "traceloop.entity.input",
        "langfuse.observation.input",
        "langfuse.trace.input",
        "ai.toolCall.args",
        "ai.toolCall.input",
        "ai.prompt",
        "ai.value",
        "tool_arguments",
        "lk.function_tool.arguments",
        "lk.chat_ctx",
        semconv.TOOL_PARAMETERS,
        "gen_ai.prompt",
        "gen_ai.retrieval.query.text",
        "request_data",
        "input",
    ),
    "output": (
        semconv.OUTPUT_VALUE,
        "gen_ai.tool.call.result",
        "traceloop.entity.output",
        "langfuse.observation.output",
        "langfuse.trace.output",
        "ai.toolCall.result",
        "ai.toolCall.output",
        "ai.response.text",
        "ai.response.object",
        "tool_response",
        "lk.function_tool.output",
        "lk.response.text",
        "final_result",
        "gen_ai.completion",
        "response_data",
        "output",
    ),
    "output_calls": ("ai.response.toolCalls", "lk.response.function_calls"),
}
"""Concept to the attributes that carry it, the preferred first."""

TEXT_COLUMNS = (
    "agent_id",
    "agent_name",
    "agent_role",
    "session_id",
    "user_id",
    "model",
    "request_model",
    "provider",
    "stream_outcome",
)
"""Concepts that are columns of span facts as they are."""

COUNT_COLUMNS = (
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
)
"""Concepts that are columns of span facts as whole numbers."""

MEASURES = (
    *COUNT_COLUMNS,
    "usage_details",
    "cost",
    "cost_details",
    "first_token_ms",
    "first_token_s",
    "first_token_time",
)
"""Concepts that say what a model call used."""

FAMILIES = (
    "llm.input_messages.",
    "llm.output_messages.",
    "llm.tools.",
    "gen_ai.prompt.",
    "gen_ai.completion.",
    "llm.request.functions.",
    "llm.prompts.",
    "retrieval.documents.",
    "reranker.output_documents.",
)
"""Prefixes of flattened lists: `<prefix><index>.<path>`."""

EVENTS_AS_MESSAGES = "events"
"""Logfire's attribute with GenAI message events, as JSON."""

_OPERATIONS = {
    "chat": "LLM",
    "text_completion": "LLM",
    "generate_content": "LLM",
    "completion": "LLM",
    "responses": "LLM",
    "embeddings": "EMBEDDING",
    "execute_tool": "TOOL",
    "create_agent": "AGENT",
    "invoke_agent": "AGENT",
    "invoke_workflow": "CHAIN",
    "retrieval": "RETRIEVER",
}
_TRACELOOP = {"workflow": "CHAIN", "task": "CHAIN", "agent": "AGENT", "tool": "TOOL"}
_REQUEST_TYPES = {
    "chat": "LLM",
    "completion": "LLM",
    "embedding": "EMBEDDING",
    "rerank": "RERANKER",
}
_VERCEL = {
    "ai.generatetext": "CHAIN",
    "ai.streamtext": "CHAIN",
    "ai.generateobject": "CHAIN",
    "ai.streamobject": "CHAIN",
    "ai.generatetext.dogenerate": "LLM",
    "ai.streamtext.dostream": "LLM",
    "ai.generateobject.dogenerate": "LLM",
    "ai.streamobject.dostream": "LLM",
    "ai.embed": "CHAIN",
    "ai.embedmany": "CHAIN",
    "ai.embed.doembed": "EMBEDDING",
    "ai.embedmany.doembed": "EMBEDDING",
    "ai.toolcall": "TOOL",
}
_OWN = {kind.lower(): kind for kind in semconv.SPAN_KINDS if kind != "UNKNOWN"}
KINDS: dict[str, Mapping[str, str]] = {
    semconv.SPAN_KIND: _OWN,
    "traceloop.span.kind": _TRACELOOP,
    "ai.operationId": _VERCEL,
    "gen_ai.operation.name": _OPERATIONS,
    "llm.request.type": _REQUEST_TYPES,
    "langfuse.observation.type": {**_OWN, "generation": "LLM", "span": "CHAIN", "event": "CHAIN"},
    "langsmith.span.kind": {**_OWN, "chat_model": "LLM", "parser": "CHAIN"},
    semconv.INFERENCE_OBSERVATION_KIND: _OWN,
}
"""Attribute that names the kind, and what its (lower-case) values mean in `semconv.SPAN_KINDS`."""

TELLS: dict[str, str] = {
    "tool_name": "TOOL",
    "model": "LLM",
    "documents": "RETRIEVER",
    "handoff": "CHAIN",
}
"""Concept whose presence tells the kind of a span that does not name it, the strongest first."""
