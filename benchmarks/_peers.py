"""Peers in environments of their own, made when first asked for under benchmarks/.venvs."""

from __future__ import annotations

import subprocess
import sys
import venv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PLACE = Path(__file__).parent / ".venvs"


@dataclass(frozen=True)
class Peer:
    """A package to compare with: the steps of `pip install` that give an environment with it."""

    name: str
    steps: tuple[tuple[str, ...], ...]


_CLIENTS = ("openai", "anthropic", "opentelemetry-sdk")

CATALYST_TRACING = Peer("catalyst-tracing", (("catalyst-tracing", *_CLIENTS),))
OPENINFERENCE = Peer(
    "openinference",
    (
        (
            "openinference-instrumentation-openai",
            "openinference-instrumentation-anthropic",
            *_CLIENTS,
        ),
    ),
)
LANGFUSE = Peer("langfuse", (("langfuse", *_CLIENTS),))
LOGFIRE = Peer("logfire", (("logfire", *_CLIENTS),))
OPENLLMETRY = Peer(
    "openllmetry",
    (
        (
            "opentelemetry-instrumentation-openai",
            "opentelemetry-instrumentation-anthropic",
            *_CLIENTS,
        ),
    ),
)
# Its index and search need pydantic alone; of its other pins, ripgrep does not build everywhere.
HALO_ENGINE = Peer("halo-engine", (("--no-deps", "halo-engine==0.3.5"), ("pydantic==2.13.3",)))

TRACERS = (CATALYST_TRACING, OPENINFERENCE, LANGFUSE, LOGFIRE, OPENLLMETRY)


@cache
def python_of(peer: Peer) -> Path | None:
    """Give the interpreter of the peer's environment; None, said, if it cannot be made."""
    place = PLACE / peer.name
    python = place / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    ready = place / ".ready"
    if ready.exists():
        return python
    print(f"making the environment of {peer.name} …", file=sys.stderr, flush=True)
    venv.create(place, with_pip=True, clear=True)
    for step in peer.steps:
        install = [python, "-m", "pip", "install", "--quiet", *step]
        done = subprocess.run(install, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode:
            told = (done.stderr.strip().splitlines() or ["pip failed"])[-1]
            print(f"{peer.name} cannot be installed: {told}", file=sys.stderr)
            return None
    ready.touch()
    return python


@cache
def version_of(peer: Peer, *packages: str) -> str:
    """Name what is installed in the peer's environment."""
    python = python_of(peer)
    return "not installed" if python is None else versions(python, packages)


def versions(python: Path | str, packages: tuple[str, ...]) -> str:
    """Name the versions of packages in an environment."""
    code = (
        "import sys; from importlib.metadata import version\n"
        "print(', '.join(f'{p} {version(p)}' for p in sys.argv[1:]))"
    )
    done = subprocess.run(
        [python, "-c", code, *packages], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()
