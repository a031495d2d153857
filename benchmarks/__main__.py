"""`python -m benchmarks [NAME …]`: run benchmarks and print each as a table."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

from benchmarks._options import Options
from benchmarks._table import render

NAMES = ("overhead", "spans", "import_time", "jsonl_export", "index", "analysis")


def main() -> int:
    """Run what was asked for; 1 if a budget is exceeded."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; else all")
    parser.add_argument("--sizes", default="10,100,1000", help="megabytes of trace files")
    parser.add_argument("--no-peers", action="store_true", help="measure ours only")
    parser.add_argument("--quick", action="store_true", help="a tiny size: does it run?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here too")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"there is no benchmark {', '.join(unknown)}; known: {', '.join(NAMES)}")
    options = Options(
        quick=asked.quick,
        peers=not asked.no_peers,
        sizes=tuple(float(size) for size in asked.sizes.split(",")),
    )
    print(_machine())
    results = {name: _run(name, options) for name in asked.names or NAMES}
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1))
    over = [row for rows in results.values() for row in rows if row["verdict"] == "over"]
    return 1 if over and not asked.quick else 0


def _run(name: str, options: Options) -> list[dict[str, object]]:
    benchmark = importlib.import_module(f"benchmarks.{name}")
    started = time.monotonic()
    rows = benchmark.run(options)
    print(f"\n## {name}: {benchmark.TITLE}\n\n{benchmark.NOTE}\n\n{render(rows)}\n")
    print(f"({time.monotonic() - started:.0f} s, load {os.getloadavg()[0]:.1f})", flush=True)
    return [row.as_json() for row in rows]


def _machine() -> str:
    today = datetime.now(timezone.utc).date()
    python = platform.python_version()
    return f"{today}, Python {python}, {os.cpu_count()} cores, {platform.platform()}"


if __name__ == "__main__":
    sys.exit(main())
