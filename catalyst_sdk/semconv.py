"""Attribute names, constants only: OpenInference first, then ours, then the OpenTelemetry ones.

Sources: OpenInference semantic conventions, OpenTelemetry GenAI semantic conventions,
halo-engine's `inference.*` projections.
"""

from __future__ import annotations

SPAN_KIND = "openinference.span.kind"
INPUT_VALUE = "input.value"
INPUT_MIME_TYPE = "input.mime_type"
OUTPUT_VALUE = "output.value"
OUTPUT_MIME_TYPE = "output.mime_type"
METADATA = "metadata"
TAGS = "tag.tags"

AGENT_ID = "agent.id"
AGENT_NAME = "agent.name"
AGENT_ROLE = "agent.role"
AGENT_HANDOFF_TO = "agent.handoff.to"
SESSION_ID = "session.id"
USER_ID = "user.id"

LLM_MODEL_NAME = "llm.model_name"
LLM_REQUEST_MODEL_NAME = "llm.request.model_name"
LLM_PROVIDER = "llm.provider"
LLM_SYSTEM = "llm.system"
LLM_INVOCATION_PARAMETERS = "llm.invocation_parameters"
LLM_INPUT_MESSAGES = "llm.input_messages"
LLM_OUTPUT_MESSAGES = "llm.output_messages"
LLM_TOOLS = "llm.tools"
LLM_FINISH_REASON = "llm.finish_reason"
LLM_RESPONSE_ID = "llm.response.id"
LLM_STREAMING = "llm.streaming"
LLM_STREAM_OUTCOME = "llm.stream.outcome"
LLM_TIME_TO_FIRST_TOKEN_MS = "llm.time_to_first_token_ms"  # noqa: S105 - a name, not a secret
LLM_RETRIES = "llm.retries"
LLM_CACHE_HIT = "llm.cache_hit"
LLM_TOKENS_PROMPT = "llm.token_count.prompt"
LLM_TOKENS_COMPLETION = "llm.token_count.completion"
LLM_TOKENS_TOTAL = "llm.token_count.total"
LLM_TOKENS_CACHE_READ = "llm.token_count.prompt_details.cache_read"
LLM_TOKENS_CACHE_WRITE = "llm.token_count.prompt_details.cache_write"
LLM_TOKENS_PROMPT_AUDIO = "llm.token_count.prompt_details.audio"
LLM_TOKENS_REASONING = "llm.token_count.completion_details.reasoning"
LLM_TOKENS_COMPLETION_AUDIO = "llm.token_count.completion_details.audio"
LLM_COST_PROMPT = "llm.cost.prompt"
LLM_COST_COMPLETION = "llm.cost.completion"
LLM_COST_TOTAL = "llm.cost.total"

TOOL_NAME = "tool.name"
TOOL_DESCRIPTION = "tool.description"
TOOL_PARAMETERS = "tool.parameters"
TOOL_CALL_ID = "tool_call.id"

RETRIEVAL_DOCUMENTS = "retrieval.documents"

GRAPH_NODE_ID = "graph.node.id"

SERVICE_NAME = "service.name"
SERVICE_VERSION = "service.version"
ENVIRONMENT = "deployment.environment.name"

INFERENCE_MODEL = "inference.llm.model_name"
INFERENCE_INPUT_TOKENS = "inference.llm.input_tokens"
INFERENCE_OUTPUT_TOKENS = "inference.llm.output_tokens"
INFERENCE_AGENT_NAME = "inference.agent_name"
INFERENCE_AGENT_ID = "inference.agent_id"
INFERENCE_PROJECT_ID = "inference.project_id"
INFERENCE_OBSERVATION_KIND = "inference.observation_kind"

SPAN_KINDS = (
    "AGENT",
    "LLM",
    "TOOL",
    "CHAIN",
    "RETRIEVER",
    "EMBEDDING",
    "RERANKER",
    "GUARDRAIL",
    "EVALUATOR",
    "PROMPT",
    "UNKNOWN",
)
"""Values of `openinference.span.kind`."""
