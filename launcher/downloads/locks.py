"""One process at a time for one file. The lock is the system's: it ends when its holder dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.downloads.disk import write_failed
from launcher.errors import PaadjeError


@contextmanager
def exclusive(lock_file: Path, *, busy_name: str, timeout_s: float = 0.0) -> Iterator[None]:
    """Hold ``lock_file``; raises ``models.busy`` when another holds it past ``timeout_s``."""
    from filelock import FileLock, Timeout

    try:
        lock_file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(lock_file, thread_local=False).acquire(timeout=timeout_s)
    except Timeout as error:
        raise PaadjeError("models.busy", file=busy_name, detail=str(lock_file)) from error
    except OSError as error:
        raise write_failed(error, lock_file, missing_bytes=None) from error
    with lock:
        yield


def lock_file_of(target: Path) -> Path:
    """Where the lock of ``target`` stands: beside it, hidden."""
    return target.with_name(f".{target.name}.lock")
