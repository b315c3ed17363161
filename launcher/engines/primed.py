"""Saved prompts of activities: one folder for each model and way to run it.

An engine puts such a file into its memory as it is, so a damaged one would spoil every answer of a
lesson. The host notes a sha256 of each file when a lesson ends; a file without a note that fits,
as after a crash or a bad disk, is removed before the next lesson. They can always be made again.
"""

import contextlib
import hashlib
from pathlib import Path

from launcher.files import read_json_object, write_private_json
from launcher.units import GIB

NOTE = "sha256.json"
MOST_BYTES = GIB
MOST_FILES = 16


def primed_folder(
    root: Path,
    *,
    engine_id: str,
    engine_version: str,
    model_sha256: str,
    kv_type: str,
    adapter_sha256: str = "",
) -> Path:
    """Files of one model, adapter, engine build and kind of cache: no other can read them."""
    safe = "".join(each if each.isalnum() or each in ".-" else "_" for each in engine_version)
    name = f"{engine_id}-{safe}-{model_sha256[:16]}-{kv_type}"
    return root / (f"{name}-{adapter_sha256[:16]}" if adapter_sha256 else name)


def seal(folder: Path) -> None:
    """Note what is in the folder, after the engine has ended. A full disk is no error."""
    sums = {file.name: _sha256(file) for file in _files(folder)}
    if folder.is_dir():
        with contextlib.suppress(OSError):
            write_private_json(folder / NOTE, {"files": sums})


def tidy(folder: Path, *, most_bytes: int = MOST_BYTES, most_files: int = MOST_FILES) -> None:
    """Remove what was not sealed or has changed since, and the oldest beyond the limits."""
    sealed = (read_json_object(folder / NOTE) or {}).get("files")
    sums = sealed if isinstance(sealed, dict) else {}
    kept_bytes = kept_files = 0
    for file in _files(folder):
        with contextlib.suppress(OSError):
            size = file.stat().st_size
            fits = kept_bytes + size <= most_bytes and kept_files < most_files
            # A few bytes are what is left of an activity that was removed.
            if fits and size > 1024 and sums.get(file.name) == _sha256(file):
                kept_bytes, kept_files = kept_bytes + size, kept_files + 1
            else:
                file.unlink()


def forget_model(root: Path, model_sha256: str) -> None:
    """Remove what was saved for a model that is removed."""
    import shutil

    for folder in root.glob(f"*-{model_sha256[:16]}-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    """The saved prompts, the newest first."""
    try:
        found = [(file.stat().st_mtime_ns, file) for file in folder.glob("*.bin")]
    except OSError:
        return []
    return [file for _, file in sorted(found, reverse=True)]


def _sha256(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError:
        return ""
