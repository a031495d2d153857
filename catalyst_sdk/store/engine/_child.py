"""The engine's process: `python -m catalyst_sdk.store.engine._child FOLDER FD`.

The token comes as the first line of standard input; when standard input ends, the process does:
it can never outlive its supervisor. Exit code 3: the folder is in use by another process.
"""

from __future__ import annotations

import fcntl
import importlib
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

from catalyst_sdk.store.engine._config import IN_USE, write_config
from catalyst_sdk.store.engine._http import EngineServer
from catalyst_sdk.store.engine._session import Sessions


def main(folder: Path, listening_fd: int, max_memory_bytes: int) -> None:
    """Open the engine in *folder* and serve it until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the whole group
    token = sys.stdin.readline().strip()
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder)
    if lock is None:
        os._exit(IN_USE)
    config = write_config(folder, max_memory_bytes=max_memory_bytes)
    chdb: Any = importlib.import_module("chdb")
    address = f"{folder / 'data'}?config-file={config}"
    sessions = Sessions(lambda: chdb.connect(address))
    keep_open = chdb.connect(address)
    server = EngineServer(socket.socket(fileno=listening_fd), sessions, token)
    threading.Thread(target=server.serve_forever, name="engine-http", daemon=True).start()
    print("ready", flush=True)  # noqa: T201 - the supervisor reads this line
    sys.stdin.read()
    server.shutdown()
    sessions.close()
    keep_open.close()
    os._exit(0)  # an interpreter exit with engine threads alive can crash


def _lock(folder: Path) -> Any:
    """Hold the folder for this process's life, or None when another process has it."""
    handle = (folder / "engine.lock").open("a+")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    handle.truncate(0)
    handle.write(f"{os.getpid()} {os.getppid()}")
    handle.flush()
    return handle


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
