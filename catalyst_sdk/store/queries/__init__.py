"""Questions any page, API or command asks of traces, as plain functions over any store.

Each takes a `TraceSource` first (a FileStore, a ProjectStore) and mostly a `Selection`.
"""

from catalyst_sdk.store.queries._agents import (
    AgentRow,
    ErrorGroup,
    Step,
    Steps,
    agent_named,
    agent_row,
    agent_steps,
    agents,
)
from catalyst_sdk.store.queries._facets import COMMON_FACETS, FACETS, FacetValue, facets
from catalyst_sdk.store.queries._histogram import BUCKETS, Histogram, histogram
from catalyst_sdk.store.queries._io import PIECE, Payload, payload_of, span_io
from catalyst_sdk.store.queries._items import (
    SPAN_FIELDS,
    TRACE_FIELDS,
    ItemForm,
    exact_ms,
    span_values,
)
from catalyst_sdk.store.queries._overview import Bucket, Figures, Overview, agent_overview
from catalyst_sdk.store.queries._paging import (
    MOST_COUNTED,
    SESSION_SORTS,
    SPAN_SORTS,
    TRACE_SORTS,
    Counted,
    Page,
    make_order,
)
from catalyst_sdk.store.queries._selection import EVERYTHING, Selection
from catalyst_sdk.store.queries._sessions import (
    SessionTurn,
    count_sessions,
    list_sessions,
    session_traces,
    session_turns,
)
from catalyst_sdk.store.queries._source import Row, TraceSource, Windowed
from catalyst_sdk.store.queries._spans import count_spans, list_spans
from catalyst_sdk.store.queries._traces import (
    count_traces,
    first_errors,
    list_traces,
    search,
    trace_ids,
    trace_row,
    trace_spans,
)
from catalyst_sdk.store.queries._transcript import (
    Call,
    Outcome,
    Turn,
    conversation,
    single,
    transcript,
    turn_item,
)
from catalyst_sdk.store.queries._tree import STATUSES, TraceTree, trace_tree

__all__ = [
    "BUCKETS",
    "COMMON_FACETS",
    "EVERYTHING",
    "FACETS",
    "MOST_COUNTED",
    "PIECE",
    "SESSION_SORTS",
    "SPAN_FIELDS",
    "SPAN_SORTS",
    "STATUSES",
    "TRACE_FIELDS",
    "TRACE_SORTS",
    "AgentRow",
    "Bucket",
    "Call",
    "Counted",
    "ErrorGroup",
    "FacetValue",
    "Figures",
    "Histogram",
    "ItemForm",
    "Outcome",
    "Overview",
    "Page",
    "Payload",
    "Row",
    "Selection",
    "SessionTurn",
    "Step",
    "Steps",
    "TraceSource",
    "TraceTree",
    "Turn",
    "Windowed",
    "agent_named",
    "agent_overview",
    "agent_row",
    "agent_steps",
    "agents",
    "conversation",
    "count_sessions",
    "count_spans",
    "count_traces",
    "exact_ms",
    "facets",
    "first_errors",
    "histogram",
    "list_sessions",
    "list_spans",
    "list_traces",
    "make_order",
    "payload_of",
    "search",
    "session_traces",
    "session_turns",
    "single",
    "span_io",
    "span_values",
    "trace_ids",
    "trace_row",
    "trace_spans",
    "trace_tree",
    "transcript",
    "turn_item",
]
