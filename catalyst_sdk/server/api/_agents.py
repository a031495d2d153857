"""Agents, sessions, facets, the histogram and search."""

from __future__ import annotations

from catalyst_sdk import client as api
from catalyst_sdk.server.api import _forms
from catalyst_sdk.server.api._endpoint import SELECTION, Call, Endpoint, Parameter, paging
from catalyst_sdk.server.api._traces import list_traces
from catalyst_sdk.store import queries
from catalyst_sdk.store.filter import Filter, of_agent
from catalyst_sdk.store.queries import COMMON_FACETS, SESSION_SORTS, TRACE_SORTS, Selection


def _agents(call: Call) -> api.Listed[api.AgentItem]:
    rows = queries.agents(call.source, call.selection())
    return api.Listed([_forms.agent_item(row) for row in rows])


def _agent(call: Call) -> api.AgentDetail:
    source, selection = call.source, call.selection()
    name = queries.agent_named(source, call.path("agent"))
    row = queries.agent_row(source, name, selection)
    return api.AgentDetail(
        _forms.agent_item(row), _forms.steps(queries.agent_steps(source, name, selection))
    )


def _overview(call: Call) -> api.Overview:
    found = queries.agent_overview(call.source, call.path("agent"), call.selection())
    return _forms.overview(found)


def _agent_traces(call: Call) -> api.Listed[api.TraceItem]:
    return list_traces(call, _of_agent(call))


def _agent_sessions(call: Call) -> api.Listed[api.SessionItem]:
    return _session_page(call, _of_agent(call))


def _of_agent(call: Call) -> Selection:
    asked = call.selection()
    name = queries.agent_named(call.source, call.path("agent"))
    wanted = (asked.filter or Filter()) & of_agent(name)
    return Selection(wanted, asked.start_ns, asked.end_ns)


def _sessions(call: Call) -> api.Listed[api.SessionItem]:
    return _session_page(call, call.selection())


def _session_page(call: Call, selection: Selection) -> api.Listed[api.SessionItem]:
    page = queries.list_sessions(call.source, selection, **call.page())
    return api.Listed([_forms.session_item(row) for row in page.items], page.next_cursor)


def _count_sessions(call: Call) -> queries.Counted:
    return queries.count_sessions(call.source, call.selection())


def _session(call: Call) -> api.SessionDetail:
    source, session = call.source, call.path("session")
    if call.flag("messages"):
        turns = queries.session_turns(source, session)
    else:
        rows = queries.session_traces(source, session)
        turns = [queries.SessionTurn(row, []) for row in rows]
    failed = queries.first_errors(source, [turn.trace for turn in turns])
    return api.SessionDetail(
        session,
        [
            api.TurnItem(
                _forms.trace_item(turn.trace, failed),
                [_forms.message_item(message) for message in turn.messages],
            )
            for turn in turns
        ],
    )


def _facets(call: Call) -> api.Listed[queries.FacetValue]:
    named = [one for one in call.text("facet").split(",") if one]
    return api.Listed(
        queries.facets(
            call.source,
            call.selection(),
            named or COMMON_FACETS,
            limit=call.number("limit", 1, 1_000),
            containing=call.text("containing"),
        )
    )


def _histogram(call: Call) -> api.Histogram:
    found = queries.histogram(
        call.source, call.selection(), buckets=call.number("buckets", 1, 1_000)
    )
    return _forms.histogram(found)


def _search(call: Call) -> api.Listed[api.Hit]:
    hits = queries.search(
        call.source, call.text("pattern"), call.selection(), limit=call.number("limit", 1, 1_000)
    )
    return api.Listed([api.Hit(hit.trace_id, hit.span_id, hit.field, hit.excerpt) for hit in hits])


_SESSION_PAGE = paging(tuple(SESSION_SORTS), "end_time")
_TRACE_PAGE = paging(tuple(TRACE_SORTS), "start_time")

ENDPOINTS = (
    Endpoint("GET", "/agents", _agents, "Agents.", api.Listed[api.AgentItem], SELECTION),
    Endpoint(
        "GET",
        "/agents/{agent:path}/overview",
        _overview,
        "An agent over time, beside the window before.",
        api.Overview,
        SELECTION,
    ),
    Endpoint(
        "GET",
        "/agents/{agent:path}/sessions",
        _agent_sessions,
        "Sessions in which an agent took part.",
        api.Listed[api.SessionItem],
        SELECTION + _SESSION_PAGE,
    ),
    Endpoint(
        "GET",
        "/agents/{agent:path}/traces",
        _agent_traces,
        "Traces in which an agent took part.",
        api.Listed[api.TraceItem],
        SELECTION + _TRACE_PAGE,
    ),
    Endpoint(
        "GET", "/agents/{agent:path}", _agent, "An agent and its steps.", api.AgentDetail, SELECTION
    ),
    Endpoint(
        "GET",
        "/sessions",
        _sessions,
        "Sessions, the latest first.",
        api.Listed[api.SessionItem],
        SELECTION + _SESSION_PAGE,
    ),
    Endpoint("GET", "/sessions/count", _count_sessions, "Count sessions.", api.Counted, SELECTION),
    Endpoint(
        "GET",
        "/sessions/{session:path}",
        _session,
        "A session as its turns.",
        api.SessionDetail,
        (Parameter("messages", "With what was said.", "boolean", True),),
    ),
    Endpoint(
        "GET",
        "/facets",
        _facets,
        "Which values occur how often.",
        api.Listed[api.Facet],
        (
            *SELECTION,
            Parameter("facet", f"Which, separated by commas: {', '.join(queries.FACETS)}."),
            Parameter("limit", "Values of each.", "integer", 10),
            Parameter("containing", "Only values that contain this, in any case."),
        ),
    ),
    Endpoint(
        "GET",
        "/histogram",
        _histogram,
        "Traces over time, by status.",
        api.Histogram,
        (*SELECTION, Parameter("buckets", "How many.", "integer", queries.BUCKETS)),
    ),
    Endpoint(
        "GET",
        "/search",
        _search,
        "Find a regular expression (RE2) in payloads, newest first.",
        api.Listed[api.Hit],
        (
            Parameter("pattern", "What to look for."),
            *SELECTION,
            Parameter("limit", "Hits.", "integer", 50),
        ),
    ),
)
