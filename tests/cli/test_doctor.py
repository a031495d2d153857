from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cli.made_spans import Run


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    import os

    for name in os.environ:
        if name.startswith(("OTEL_", "INFERENCE_", "CATALYST_")) and name != "CATALYST_CACHE_DIR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


@pytest.fixture
def backend() -> Iterator[str]:
    """An OTLP backend on loopback that takes what carries the right key."""

    class Backend(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            taken = "right" in str(self.headers)
            self.send_response(200 if taken else 401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def _checks(out: str) -> dict[str, dict[str, str]]:
    return {f"{one['area']}/{one['name']}": one for one in json.loads(out)["checks"]}


def test_a_healthy_machine_passes(run: Run):
    ran = run("doctor", "--json")
    checks = _checks(ran.out)
    assert ran.code == 0
    assert json.loads(ran.out)["ok"] is True
    assert checks["Test span/round trip"]["found"].startswith("written and read back in ")
    assert checks["Versions/opentelemetry"]["state"] == "ok"
    assert checks["Integrations/openai"]["found"] == "can be instrumented"
    assert checks["Storage/spool"]["found"].startswith("empty (")


def test_the_answer_is_drawn_for_people(run: Run):
    ran = run("doctor", tty=100)
    assert ran.code == 0
    assert "\nBackend\n  · endpoint" in ran.out
    assert "everything that is needed works" in ran.err


def test_a_backend_that_answers_is_timed(run: Run, backend: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CATALYST_ENDPOINT", backend)
    monkeypatch.setenv("CATALYST_API_KEY", "right-key")
    ran = run("doctor", "--json")
    assert ran.code == 0
    assert _checks(ran.out)["Backend/endpoint"]["found"].startswith(
        f"{backend}/v1/traces answers in"
    )
    assert "right-key" not in ran.out


def test_a_refused_key_is_a_fault(run: Run, backend: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CATALYST_ENDPOINT", backend)
    monkeypatch.setenv("CATALYST_API_KEY", "wrong-key")
    ran = run("doctor", "--json")
    assert ran.code == 1
    assert "401" in _checks(ran.out)["Backend/endpoint"]["found"]
    assert "wrong-key" not in ran.out + ran.err


def test_a_backend_that_is_away_is_a_fault(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CATALYST_ENDPOINT", "http://someone:secret@127.0.0.1:9")
    ran = run("doctor")
    assert ran.code == 1
    assert "✗ endpoint" in ran.out
    assert ran.err == "broken: endpoint\n"
    assert "secret" not in ran.out


def test_a_setting_that_cannot_be_read_is_told(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CATALYST_SAMPLE_RATE", "7")
    check = _checks(run("doctor", "--json").out)["Settings/environment"]
    assert check["state"] == "warning"
    assert "CATALYST_SAMPLE_RATE='7' is ignored" in check["found"]


def test_a_disk_that_takes_no_span_is_a_fault(run: Run, monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", "/proc/no-such-place")
        ran = run("doctor", "--json")
    assert ran.code == 1
    assert _checks(ran.out)["Test span/round trip"]["state"] == "broken"
