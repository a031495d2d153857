"""The `catalyst` command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line (`sys.argv` unless given) and give its exit code."""
    from catalyst_sdk.cli._app import app
    from catalyst_sdk.cli._boundary import run

    if "_CATALYST_COMPLETE" in os.environ:
        app.main(prog_name="catalyst")  # answers the shell and exits
    return run(app, sys.argv[1:] if arguments is None else arguments)
