"""`catalyst serve`."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import click

from catalyst_sdk.cli._grammar import Command, OneOf, option
from catalyst_sdk.cli._metadata import database_option
from catalyst_sdk.cli._options import quiet_output_options
from catalyst_sdk.cli._output import Output, current_output
from catalyst_sdk.errors import CatalystError, MissingExtra

_MAKE_DEMO = "import sys; from catalyst_sdk.demo import run_demo; run_demo(sys.argv[1])"
_STORE = "chdb://.catalyst/store"


@click.command("serve", cls=Command, example="catalyst serve --demo")
@option("--host", default="127.0.0.1", metavar="ADDRESS", help="Where to listen. [127.0.0.1]")
@option("--port", type=click.IntRange(0, 65_535), default=8799, metavar="N", help="[8799]")
@option(
    "--grpc-port",
    type=click.IntRange(0, 65_535),
    metavar="N",
    help="Take OTLP over gRPC here; 4317 is usual.",
)
@option(
    "--store",
    envvar="CATALYST_STORE",
    default=_STORE,
    metavar="URL",
    help=f"chdb:///folder, or clickhouse://user@host. [{_STORE}]",
)
@database_option
@option(
    "--retention",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Keep the default project's traces so long, 0 for ever.",
)
@option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="A name to answer to, behind a proxy.",
)
@option("--log", type=OneOf("log", ("text", "json")), default="text", help="Form of the log.")
@option("--demo", is_flag=True, help="Load example traces when the store is empty.")
@quiet_output_options
def serve(
    host: str,
    port: int,
    grpc_port: int | None,
    store: str,
    db: str,
    retention: int | None,
    allowed_hosts: tuple[str, ...],
    log: str,
    demo: bool,
) -> None:
    """Take spans from any OpenTelemetry SDK, keep them, and answer questions about them."""
    output = current_output(os.environ)
    try:
        from catalyst_sdk.server import ServerSettings
        from catalyst_sdk.server import serve as run
    except ModuleNotFoundError as error:
        raise MissingExtra("server", "The server") from error
    settings = ServerSettings(
        host=host,
        port=port,
        grpc_port=grpc_port,
        store=store,
        database=db,
        retention_days=retention,
        allowed_hosts=allowed_hosts,
        log_json=log == "json",
    )

    def listening(at: int) -> None:
        address = f"http://{f'[{host}]' if ':' in host else host}:{at}"
        output.note(f"serving {address}  (traces: {address}/v1/traces, Ctrl-C stops)")
        if demo:
            threading.Thread(target=_load_demo, args=(address, output), daemon=True).start()

    run(settings, on_listening=listening)


def _load_demo(address: str, output: Output) -> None:
    """Put the demo's traces into a store that has none."""
    from catalyst_sdk.client import Client

    try:
        with Client(address) as client:
            if client.traces(limit=1).items:
                return
            stored = client.import_spans(_demo_traces(), "demo.jsonl").spans
    except CatalystError as error:
        output.note(f"the demo's traces could not be loaded: {error.message}", "warn")
        return
    output.note(f"loaded {stored:,} spans of the demo")


def _demo_traces() -> bytes:
    """Run the demo's agent in a process of its own, which it instruments."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="catalyst-demo-") as folder:
        done = subprocess.run(
            [sys.executable, "-c", _MAKE_DEMO, folder],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        traces = sorted(Path(folder).glob("*.jsonl"))
        if done.returncode or not traces:
            raise CatalystError(done.stderr.decode(errors="replace").strip() or "the demo failed")
        return b"".join(path.read_bytes() for path in traces)
