"""The commands print of a server what they print of a file with the same traces."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from catalyst_sdk.cli import main
from catalyst_sdk.client import Client
from cli.sample import FAILED
from server.two_projects import new_project, write_sample

COMMANDS = [
    "trace list",
    "trace list --json -l 1",
    "trace list status:error --agent 'Support Triage' --metadata tenant=acme",
    "trace list --model 'gpt-5.4-m*' --sort cost -q",
    "trace list --from 2025-10-10 --jsonl",
    "trace get 79194633",
    "trace get 79194633 --view timeline",
    "trace get 79194633 --view thread",
    "trace get 79194633 --json",
    "trace get 79194633 --view raw",
    "trace facets",
    "trace search 'timed? out'",
    "span list kind:TOOL,LLM",
    "span list --trace-id 79194633 --json",
    "span get 79194633 7919000000000003",
    "span get 79194633 7919000000000003 --part input",
    "agent list",
    "agent get support-triage --json",
    "session list --json",
    "session get s-1",
]


@pytest.fixture(scope="module")
def filled(server: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    file = write_sample(tmp_path_factory.mktemp("cli") / "traces.jsonl")
    with new_project(server, "terminal") as client:
        client.import_spans(file.read_bytes())
    return server.url, file


def _run(capfdbinary: pytest.CaptureFixture[bytes], line: list[str]) -> tuple[int, bytes, bytes]:
    code = main(line)
    sys.stdout.flush()
    sys.stderr.flush()
    told = capfdbinary.readouterr()
    return code, told.out, told.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_is_shown_as_a_file_is(
    filled: tuple[str, Path], capfdbinary: pytest.CaptureFixture[bytes], command: str
) -> None:
    url, file = filled
    words = shlex.split(command)
    of_file = _run(capfdbinary, [*words, "--file", str(file)])
    of_server = _run(capfdbinary, [*words, "--server", url, "--project", "terminal"])
    assert of_file[0] == 0
    assert of_file[1]
    assert of_server[:2] == of_file[:2]


def test_exit_codes_tell_what_went_wrong(
    filled: tuple[str, Path],
    capfdbinary: pytest.CaptureFixture[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url, file = filled
    assert _run(capfdbinary, ["trace", "get", "ffffff", "--server", url])[0] == 3
    assert _run(capfdbinary, ["trace", "list", "--server", "http://127.0.0.1:9"])[0] == 5
    both = _run(capfdbinary, ["trace", "list", "--server", url, "-f", str(file)])
    assert both[0] == 2
    monkeypatch.setenv("CATALYST_API_KEY", "ck_00000000_wrong")
    assert _run(capfdbinary, ["trace", "list", "--server", url])[0] == 4


def test_traces_go_in_out_and_away(
    server: Any, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = write_sample(tmp_path / "traces.jsonl")
    with file.open("ab") as end:
        end.write(b"rubbish\n")
    with ExitStack() as stack:
        client = stack.enter_context(new_project(server, "moved"))
        where = ["--server", server.url, "--project", "moved"]
        code, _, err = _run(capfdbinary, ["trace", "import", str(file), *where])
        assert (code, b"stored 8 spans" in err, b"skipped 1 line" in err) == (0, True, True)
        out = tmp_path / "out.jsonl"
        line = ["trace", "export", "status:error", "-o", str(out), *where]
        assert _run(capfdbinary, line)[0] == 0
        assert out.read_bytes() == b"".join(client.raw(FAILED))
        assert _run(capfdbinary, ["trace", "delete", FAILED, "--yes", *where])[0] == 0
        assert client.count_traces().count == 2


def test_keys_and_projects_are_made_before_a_server_runs(
    own_server: Any, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    db = ["--db", f"sqlite:///{tmp_path}/catalyst.db"]
    assert _run(capfdbinary, ["project", "create", "shop", *db])[0] == 0
    line = ["key", "create", "--project", "shop", "--scopes", "read", "--name", "desk", *db]
    code, secret, _ = _run(capfdbinary, line)
    key = secret.decode().strip()
    assert code == 0
    _, listed, _ = _run(capfdbinary, ["key", "list", "--json", *db])
    assert b'"desk"' in listed
    assert key.encode() not in listed
    server = own_server()
    with Client(server.url, key) as client:
        assert (client.identity().project, client.identity().scopes) == ("shop", ["read"])
    prefix = key.split("_")[1]
    assert _run(capfdbinary, ["key", "revoke", prefix, *db])[0] == 0
    assert _run(capfdbinary, ["key", "revoke", "ffffffff", *db])[0] == 3


@pytest.mark.slow
def test_serve_tells_its_address_loads_the_demo_and_stops_quietly(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "catalyst_sdk.cli", "serve", "--port", "0", "--demo"]
    code = "import sys; from catalyst_sdk._command import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *line[3:]],
        cwd=tmp_path,
        env=os.environ | {"TERM": "dumb"},
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        address = process.stderr.readline().split()[1]
        assert "loaded" in process.stderr.readline()
        with Client(address) as client:
            assert {agent.agent for agent in client.agents()} != set()
        process.terminate()
        assert process.stderr.read() == ""
    assert process.returncode == 0
