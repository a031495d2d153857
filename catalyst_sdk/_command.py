"""The `catalyst` command: loads the terminal, or says how to install it."""

from __future__ import annotations

import importlib.util
import sys


def main() -> int:
    """Run the command line and give its exit code."""
    if any(importlib.util.find_spec(name) is None for name in ("click", "rich")):
        print(  # noqa: T201 - the terminal that would print this is what is absent
            "error: the catalyst command needs the extra [cli].\n"
            "In your checkout of the SDK run: pip install -e '.[cli]'",
            file=sys.stderr,
        )
        return 1
    try:
        from catalyst_sdk.cli import main as run

        return run()
    except KeyboardInterrupt:  # before the command line itself listens
        return 130
