"""The options many commands share: files, filters, output."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import Any, TypeVar

import click

from catalyst_sdk.cli._filters import Filters
from catalyst_sdk.cli._flags import remember, remember_server
from catalyst_sdk.cli._grammar import OneOf, option
from catalyst_sdk.semconv import SPAN_KINDS

F = TypeVar("F", bound=Callable[..., Any])

_out: Any = functools.partial(option, section="Output", expose_value=False, callback=remember)

# Field of Filters, flag, what it takes, help.
_FILTERS: tuple[tuple[str, str, str | OneOf, str], ...] = (
    ("span_of_time", "--range", "1h|7d|…", "Only the last of it, back from the newest span."),
    ("since", "--from", "TIME", "Only from this time on (ISO 8601, UTC)."),
    ("until", "--to", "TIME", "Only before this time."),
    ("status", "--status", OneOf("status", ("ok", "error"), commas=True), "How it ended."),
    ("kind", "--kind", OneOf("kind", SPAN_KINDS, commas=True), "LLM, TOOL, AGENT …"),
    ("agent", "--agent", "NAME", "Name or id of the agent."),
    ("session", "--session", "ID", "Session id."),
    ("user", "--user", "ID", "User id."),
    ("model", "--model", "NAME", "Model; gpt-5* fits all that begin so."),
    ("provider", "--provider", "NAME", "Provider of the model."),
    ("service", "--service", "NAME", "service.name of the resource."),
    ("environment", "--environment", "NAME", "Deployment environment."),
    ("metadata", "--metadata", "KEY=VALUE", "Span attribute."),
    ("resource", "--resource", "KEY=VALUE", "Resource attribute."),
    ("expressions", "--filter", "EXPR", "'duration:>5s cost:>0.05 \"some text\"'."),
)
_SERVER = (
    ("--server", "URL", "Read a server, such as http://127.0.0.1:8799. [$CATALYST_SERVER]"),
    ("--project", "NAME", "Project of a local server without keys."),
)
_GIVEN_ONCE = ("span_of_time", "since", "until")
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
    _out("--ascii", is_flag=True, help="Draw with ASCII only."),
    _out("--no-pager", is_flag=True, help="Do not page long output."),
)


def file_option(command: F) -> F:
    """Add the files to read."""
    text = "File or glob to read, - for stdin; repeatable. [.catalyst/traces.jsonl]"
    return option("-f", "--file", "files", multiple=True, metavar="FILE", help=text)(command)


def source_options(command: F) -> F:
    """Add what is read: files, or a server."""
    return file_option(server_options(command))


def server_options(command: F) -> F:
    """Add the flags that name a server, for commands that read no files."""
    for name, metavar, text in reversed(_SERVER):
        command = option(
            name, metavar=metavar, expose_value=False, callback=remember_server, help=text
        )(command)
    return command


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


def filter_options(
    *, without: Collection[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the common filters, *without* some; the command gets them as one `filters`."""
    rows = [row for row in _FILTERS if row[0] not in without]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def run(*args: Any, **kwargs: Any) -> Any:
            picked = {name: kwargs.pop(name) for name, *_ in rows}
            return command(*args, filters=Filters(**picked), **kwargs)

        decorated: Callable[..., Any] = run
        for row in reversed(rows):
            decorated = _filter_option(*row)(decorated)
        return decorated

    return decorate


def _filter_option(
    name: str, flag: str, takes: str | OneOf, text: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    kind: dict[str, Any] = {"metavar": takes} if isinstance(takes, str) else {"type": takes}
    multiple = name not in _GIVEN_ONCE
    return option(flag, name, section="Filters", multiple=multiple, help=text, **kind)


def filter_argument(command: F) -> F:
    """Add the filter as bare words before or after the flags."""
    return click.argument("words", nargs=-1, metavar="[FILTER]...")(command)
