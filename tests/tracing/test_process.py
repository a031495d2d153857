"""Exits, signals and forks, each in a real process: every span that ended is exported once."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

import catalyst_sdk
from catalyst_sdk import flush, trace_span

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and fork")

INIT = """\
import os, signal, sys, threading, time
import catalyst_sdk
from catalyst_sdk import trace_span
catalyst_sdk.init("A", file="traces.jsonl", instrument=False)
def span(name):
    with trace_span(name):
        pass
"""


def test_leaving_without_a_word_exports_everything(script):
    script.run(INIT + "for number in range(3000): span('work')\n")
    assert script.names() == ["work"] * 3000


def test_leaving_by_an_exception_exports_everything(script):
    script.run(INIT + "with trace_span('work'):\n    raise SystemExit(3)\n", code_expected=3)
    (line,) = script.lines()
    assert line["status"]["code"] == "STATUS_CODE_ERROR"


def test_threads_that_outlive_the_main_one_are_still_traced(script):
    script.run(
        INIT
        + """
def later():
    main.join()
    span("late")
main = threading.main_thread()
threading.Thread(target=later).start()
span("early")
"""
    )
    assert script.names() == ["early", "late"]


def test_what_is_under_way_at_exit_is_exported_as_interrupted(script):
    script.run(
        INIT
        + """
@trace_span
def numbers():
    yield 1
    yield 2
generator = numbers()
next(generator)
def wait():
    with trace_span("waiting"):
        entered.set()
        threading.Event().wait()
entered = threading.Event()
threading.Thread(target=wait, daemon=True).start()
entered.wait()
"""
    )
    assert script.names() == ["numbers", "waiting"]
    assert all(line["attributes"]["catalyst.interrupted"] for line in script.lines())


@posix
def test_sigterm_exports_then_kills_as_before(script):
    code, _ = script.terminated(
        INIT
        + "with catalyst_sdk.agent_span('agent'):\n"
        + "    span('work')\n    print('ready', flush=True)\n    time.sleep(60)\n"
    )
    assert code == -signal.SIGTERM
    assert script.names() == ["agent", "work"]


@posix
def test_the_programs_own_handler_is_called_and_may_go_on(script):
    code, _ = script.terminated(
        """
import signal
def own(number, frame):
    global stop
    stop = True
stop = False
signal.signal(signal.SIGTERM, own)
"""
        + INIT
        + """
span("before")
print("ready", flush=True)
while not stop:
    time.sleep(0.01)
span("after")
"""
    )
    assert code == 0
    assert script.names() == ["after", "before"]


@posix
def test_a_handler_that_raises_systemexit_keeps_its_exit_code(script):
    code, _ = script.terminated(
        "import signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        + INIT
        + "span('work')\nprint('ready', flush=True)\ntime.sleep(60)\n"
    )
    assert code == 7
    assert script.names() == ["work"]


@posix
def test_a_handler_the_program_installs_later_is_the_programs(script):
    code, _ = script.terminated(
        INIT
        + "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
        + "span('work')\nprint('ready', flush=True)\ntime.sleep(60)\n"
    )
    assert code == 5
    assert script.names() == ["work"]


@posix
def test_an_ignored_sigterm_stays_ignored():
    previous = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        catalyst_sdk.init(exporters=[], instrument=False, set_global=False, file=os.devnull)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, previous)


@posix
def test_shutdown_gives_the_signal_back(start):
    previous = signal.getsignal(signal.SIGTERM)
    start()
    assert signal.getsignal(signal.SIGTERM) is not previous
    catalyst_sdk.shutdown()
    assert signal.getsignal(signal.SIGTERM) is previous


def test_init_in_another_thread_leaves_signals_alone(start):
    previous = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is previous
    with trace_span("work"):
        pass
    assert flush()


@posix
def test_a_server_that_never_answers_does_not_hold_up_sigterm(script):
    code, _ = script.terminated(
        """
import time
from opentelemetry.sdk.trace.export import SpanExporter
class Stuck(SpanExporter):
    def export(self, spans): time.sleep(3600)
    def shutdown(self): pass
    def force_flush(self, timeout_millis=0): return True
import catalyst_sdk
catalyst_sdk.init(exporters=[Stuck()], instrument=False)
with catalyst_sdk.trace_span("work"): pass
print("ready", flush=True)
time.sleep(3600)
"""
    )
    assert code == -signal.SIGTERM


@posix
def test_a_forked_child_exports_its_own_spans_and_never_the_parents(script):
    script.run(
        INIT
        + """
span("before the fork")
with trace_span("around the fork"):
    child = os.fork()
    span("child" if child == 0 else "parent")
    if child == 0:
        tracer = catalyst_sdk.init(file="traces.jsonl", agent_name="A", instrument=False)
        tracer.provider.get_tracer("x").start_span("backdated", start_time=1).end()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    )
    names = ["around the fork", "backdated", "before the fork", "child", "parent"]
    assert script.names() == names
    lines = {line["name"]: line for line in script.lines()}
    assert lines["child"]["parent_span_id"] == lines["around the fork"]["span_id"]


@posix
def test_a_fork_while_other_threads_trace_never_hangs(script):
    script.run(
        INIT
        + """
stop = False
def busy():
    while not stop:
        span("busy")
        time.sleep(0.0005)
threads = [threading.Thread(target=busy) for _ in range(3)]
for thread in threads: thread.start()
for number in range(10):
    child = os.fork()
    if child == 0:
        span(f"child {number}")
        catalyst_sdk.flush(10)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
stop = True
"""
    )
    children = [name for name in script.names() if name.startswith("child")]
    assert children == [f"child {number}" for number in range(10)]


WORKERS = (
    INIT
    + """
import multiprocessing
if __name__ == "__main__":
    context = multiprocessing.get_context("fork")
    with catalyst_sdk.agent_span("Boss"):
        process = context.Process(target=span, args=("process",))
        process.start(); process.join()
        with context.Pool(2) as pool:
            pool.map(span, ["pool", "pool", "pool"])
            pool.close(); pool.join()
"""
)


@posix
def test_multiprocessing_children_which_leave_through_os_exit_export(script):
    script.run(WORKERS)
    assert script.names() == ["Boss", "pool", "pool", "pool", "process"]
    lines = script.lines()
    assert {line["attributes"]["agent.id"] for line in lines} == {"boss"}


@posix
def test_a_program_run_by_forkserver_exports_from_its_children(script):
    (script.folder / "work.py").write_text(
        "import catalyst_sdk\n"
        "def work(name):\n"
        "    catalyst_sdk.init('A', file='traces.jsonl', instrument=False)\n"
        "    with catalyst_sdk.trace_span(name): pass\n"
    )
    (script.folder / "main.py").write_text(
        "import multiprocessing, work\n"
        "if __name__ == '__main__':\n"
        "    for method in ('spawn', 'forkserver'):\n"
        "        process = multiprocessing.get_context(method).Process(\n"
        "            target=work.work, args=(method,))\n"
        "        process.start(); process.join()\n"
        "        assert process.exitcode == 0\n"
    )
    script.run("import runpy; runpy.run_path('main.py', run_name='__main__')")
    assert script.names() == ["forkserver", "spawn"]


def test_flush_as_a_decorator_exports_before_the_platform_freezes(tmp_path):
    path = tmp_path / "traces.jsonl"
    catalyst_sdk.init(file=path, instrument=False, set_global=False)

    @flush
    def handler(event: dict, context: object = None) -> int:
        with trace_span("call"):
            return event["n"]

    @flush
    async def handler_async(n: int) -> int:
        with trace_span("call"):
            raise ValueError(n)

    assert handler({"n": 2}) == 2
    assert len(path.read_text().splitlines()) == 1
    assert handler.__name__ == "handler"
    with pytest.raises(ValueError, match="3"):
        handler_async(3).send(None)
    assert len(path.read_text().splitlines()) == 2


def test_flush_and_shutdown_without_init_do_nothing():
    assert flush() is True
    assert flush(1.5) is True
    catalyst_sdk.shutdown()


def test_a_slow_exporter_makes_flush_answer_in_time(script):
    out, _ = script.run(
        """
import threading
from opentelemetry.sdk.trace.export import SpanExporter
class Stuck(SpanExporter):
    def export(self, spans): threading.Event().wait()
    def shutdown(self): pass
    def force_flush(self, timeout_millis=0): return True
import catalyst_sdk, os
catalyst_sdk.init(exporters=[Stuck()], instrument=False)
with catalyst_sdk.trace_span("work"): pass
print(catalyst_sdk.flush(0.2), flush=True)
os._exit(0)
"""
    )
    assert out.split() == ["False"]
