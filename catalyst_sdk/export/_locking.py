"""Advisory locks on open files, held against other processes and other opens of the file."""

from __future__ import annotations

import sys

if sys.platform == "win32":

    def lock(fd: int) -> None:
        """Windows has no advisory locks: one process per file there."""

    def try_lock(fd: int) -> bool:
        """Windows has no advisory locks: one process per file there."""
        return True

    def unlock(fd: int) -> None:
        """Nothing was locked."""

else:
    import errno
    import fcntl

    # Some network and FUSE file systems have no locks; writing without beats not writing.
    _WITHOUT_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}

    def lock(fd: int) -> None:
        """Wait for the file's lock. It goes with the process, however that ends."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _WITHOUT_LOCKS:
                raise

    def try_lock(fd: int) -> bool:
        """Take the file's lock if nobody holds it."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            return error.errno in _WITHOUT_LOCKS
        return True

    def unlock(fd: int) -> None:
        """Give the lock back."""
        try:
            fcntl.flock(fd, fcntl.LOCK_UN)
        except OSError as error:
            if error.errno not in _WITHOUT_LOCKS:
                raise
