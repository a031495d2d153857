"""The options many commands share: files, filters, output."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from catalyst_sdk.cli._filters import Filters
from catalyst_sdk.cli._flags import remember
from catalyst_sdk.cli._grammar import OneOf, option
from catalyst_sdk.semconv import SPAN_KINDS

F = TypeVar("F", bound=Callable[..., Any])

_many: Any = functools.partial(option, section="Filters", multiple=True)
_one: Any = functools.partial(option, section="Filters")
_out: Any = functools.partial(option, section="Output", expose_value=False, callback=remember)

_FILTERS = (
    _one("--range", "span_of_time", metavar="1h|7d|…", help="Only the last while: <n> m, h, d, w."),
    _one("--from", "since", metavar="TIME", help="Only from this time on (ISO 8601, UTC)."),
    _one("--to", "until", metavar="TIME", help="Only before this time."),
    _many("--status", type=OneOf("status", ("ok", "error"), commas=True), help="How it ended."),
    _many("--kind", type=OneOf("kind", SPAN_KINDS, commas=True), help="LLM, TOOL, AGENT …"),
    _many("--agent", metavar="NAME", help="Name or id of the agent."),
    _many("--session", metavar="ID", help="Session id."),
    _many("--user", metavar="ID", help="User id."),
    _many("--model", metavar="NAME", help="Model; gpt-5* fits all that begin so."),
    _many("--provider", metavar="NAME", help="Provider of the model."),
    _many("--service", metavar="NAME", help="service.name of the resource."),
    _many("--environment", metavar="NAME", help="Deployment environment."),
    _many("--metadata", metavar="KEY=VALUE", help="Span attribute."),
    _many("--resource", metavar="KEY=VALUE", help="Resource attribute."),
    _many("--filter", "expressions", metavar="EXPR", help="'duration:>5s cost:>0.05 \"text\"'."),
)
_OUTPUT = (
    _out("--json", is_flag=True, help="One JSON document."),
    _out("--jsonl", is_flag=True, help="One JSON object a line."),
    _out("-q", "--quiet", is_flag=True, help="Ids only."),
    _out("--fields", metavar="A,B", help="Only these fields."),
    _out("--no-header", is_flag=True, help="No first line in tab-separated text."),
    _out(
        "--color",
        type=OneOf("--color", ("auto", "always", "never")),
        help="When to use colour.",
    ),
    _out("--ascii", is_flag=True, help="No characters beyond ASCII."),
    _out("--no-pager", is_flag=True, help="Do not page long output."),
)


def file_option(command: F) -> F:
    """Add the files to read."""
    text = "File or glob to read, - for stdin; repeatable. [.catalyst/traces.jsonl]"
    return option("-f", "--file", "files", multiple=True, metavar="FILE", help=text)(command)


def output_options(command: F) -> F:
    """Add what decides the form of the answer."""
    for one in reversed(_OUTPUT):
        command = one(command)
    return command


def quiet_output_options(command: F) -> F:
    """Take the same flags on a group, without listing them in its help once more."""
    command = output_options(command)
    for param in getattr(command, "__click_params__", ()):
        param.hidden = True
    return command


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the common filters; the command gets them as one `filters`."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        picked = {name: kwargs.pop(name) for name in Filters.__struct_fields__}
        return command(*args, filters=Filters(**picked), **kwargs)

    decorated: Callable[..., Any] = run
    for one in reversed(_FILTERS):
        decorated = one(decorated)
    return decorated


def filter_argument(command: F) -> F:
    """Add the filter as bare words before or after the flags."""
    return click.argument("words", nargs=-1, metavar="[FILTER]...")(command)
