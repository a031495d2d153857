"""`catalyst doctor`."""

from __future__ import annotations

import os

import click
from rich.text import Text

from catalyst_sdk.cli._checks import Check, every_check
from catalyst_sdk.cli._format import one_line
from catalyst_sdk.cli._grammar import Command
from catalyst_sdk.cli._lines import styled
from catalyst_sdk.cli._options import output_options
from catalyst_sdk.cli._output import current_output
from catalyst_sdk.cli._theme import Theme

_MARKS = {"ok": ("ok", "ok"), "absent": ("unset", "muted"), "warning": ("warning", "warn")}


@click.command("doctor", cls=Command, example="catalyst doctor --json")
@output_options
def doctor() -> int:
    """Check versions, extras, integrations, settings, the backend and a test span."""
    output = current_output(os.environ)
    checks = every_check(os.environ)
    broken = [check for check in checks if check.state == "broken"]
    if output.mode == "human":
        output.lines(_draw(output.theme, checks))
    else:
        output.document({"ok": not broken, "checks": checks})
    if broken:
        output.note(f"broken: {', '.join(check.name for check in broken)}", "error")
    elif output.mode == "human":
        output.hint(["everything that is needed works"], "catalyst demo")
    return 1 if broken else 0


def _draw(theme: Theme, checks: list[Check]) -> list[Text]:
    lines: list[Text] = []
    area = ""
    widest = max(len(check.name) for check in checks)
    for check in checks:
        if check.area != area:
            area = check.area
            lines += [Text()] if lines else []
            lines.append(Text(area, style="bold"))
        mark, role = _MARKS.get(check.state, ("error", "error"))
        told = styled(
            one_line(check.found),
            ("  " + one_line(check.hint) if check.hint else "", theme.role("muted")),
        )
        color = theme.role(role)
        lines.append(styled((f"  {theme.mark(mark)} ", color), f"{check.name:<{widest}}  ") + told)
    return lines
