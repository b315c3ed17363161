"""Have a file read by a confined process, and wait for it no longer than the limit."""

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import launcher
from launcher.apps.uploads.kinds import kind_of
from launcher.apps.uploads.values import LEFT_OUT_CODES, Kind, LeftOut, UploadedText
from launcher.errors import PaadjeError
from launcher.units import MIB

DEFAULT_TIMEOUT_S = 9.0
"""Starting and ending the process comes on top: the answer is there within ten seconds."""
DEFAULT_MEMORY_BYTES = 512 * MIB
READERS = 2
"""How many files are read at the same time; a class that uploads together waits its turn."""

CHILD_CODES = frozenset(
    {"empty", "scanned", "encrypted", "damaged", "too_complex", "too_many_pages", "kind_mismatch"}
)
_KEPT_ENVIRONMENT = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME")


def read_upload(
    name: str,
    data: bytes,
    *,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    memory_bytes: int = DEFAULT_MEMORY_BYTES,
) -> UploadedText:
    """The text of a txt, md, docx or pdf file. ``data`` goes through a pipe, never to disk.

    ``memory_bytes`` bounds the address space of the reading process. Raises `PaadjeError` with one
    of the codes ``uploads.*``; every one has a sentence that a student can act on.
    """
    kind = kind_of(name, data)
    answer = _ask_reader(kind, data, timeout_s=timeout_s, memory_bytes=memory_bytes)
    if not answer.get("ok"):
        code = str(answer.get("error"))
        params = {"max_pages": answer["max_pages"]} if "max_pages" in answer else {}
        raise PaadjeError(
            f"uploads.{code if code in CHILD_CODES else 'damaged'}",
            detail=str(answer.get("detail", ""))[:80],
            **params,
        )
    left_out = answer["left_out"]
    return UploadedText(
        kind=kind,
        paragraphs=tuple(answer["paragraphs"]),
        left_out=tuple(
            LeftOut(code=code, count=left_out[code])
            for code in LEFT_OUT_CODES
            if left_out.get(code)
        ),
    )


async def read_upload_async(
    name: str,
    data: bytes,
    *,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    memory_bytes: int = DEFAULT_MEMORY_BYTES,
) -> UploadedText:
    """As `read_upload`, beside the event loop; at most `READERS` files at once.

    The time limit is for the reading itself; waiting for a turn comes on top.
    """
    read = partial(read_upload, name, data, timeout_s=timeout_s, memory_bytes=memory_bytes)
    return await asyncio.get_running_loop().run_in_executor(_readers(), read)


@lru_cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=READERS, thread_name_prefix="upload")


def _ask_reader(kind: Kind, data: bytes, *, timeout_s: float, memory_bytes: int) -> dict[str, Any]:
    limits = json.dumps({"kind": kind, "cpu_s": timeout_s, "memory_bytes": memory_bytes})
    command = [sys.executable, "-P", "-s", "-B", "-X", "utf8", "-m", "launcher.apps.uploads.reader"]
    try:
        child = subprocess.Popen(
            [*command, limits],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A traceback could quote the student's text.
            stderr=subprocess.DEVNULL,
            env=_environment(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise PaadjeError("uploads.reader_failed", detail=type(error).__name__) from error
    with child:
        try:
            output, _ = child.communicate(data, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            return {"ok": False, "error": "too_complex", "detail": "time limit"}
        finally:
            child.kill()
    try:
        answer = json.loads(output)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return answer
    return {"ok": False, "error": "too_complex", "detail": f"reader ended with {child.returncode}"}


def _environment() -> dict[str, str]:
    """Nothing of the session but what an interpreter needs to start: no proxies, no secrets."""
    kept = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    return kept | {"PYTHONPATH": str(Path(launcher.__file__).resolve().parent.parent)}
