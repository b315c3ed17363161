"""A kit: a folder or a USB stick with everything a lesson needs, for where there is no network.

    paadje-kit.json   what is in it, with sizes and sha256
    SHA256SUMS        the same for ``sha256sum -c``
    models/           the model files
    licences.txt      the licence of each model
    catalog.json, recipes/
    wheels/, requirements.txt   the programs that Paadje is made of, for this kind of computer

Whoever installs from it trusts none of this: models are compared with the own catalog, programs
with the own lock.
"""

import hashlib
import platform
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher import __version__, catalog
from launcher.catalog.schema import CatalogModel
from launcher.downloads.disk import check_room
from launcher.downloads.hashing import sha256_of
from launcher.downloads.part import PART_SUFFIX, bytes_in_part
from launcher.downloads.pip import run_pip
from launcher.errors import PaadjeError, UsageError
from launcher.events import Cancel, Notice, Report, StepFinished, StepStarted
from launcher.files import read_json_object, write_private_json
from launcher.lesson.types import Context
from launcher.models.library import Library
from launcher.models.sources import Order
from launcher.models.sources.file import copy_file
from launcher.resources import catalog_file, data_root, recipes_dir
from launcher.units import MIB

KIT_FILE = "paadje-kit.json"
SUMS_FILE = "SHA256SUMS"
KIT_VERSION = 1
WHEELS_BYTES = 512 * MIB
"""Room for the programs; all of them together are about half of this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KitFile:
    """One file of a kit; ``path`` is below the kit, with forward slashes."""

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What a kit holds. ``wheels`` is False where the programs could not be added."""

    folder: str
    models: tuple[str, ...]
    wheels: bool
    platform: str
    python: str
    files: tuple[KitFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def export_kit(
    context: Context,
    folder: Path,
    *,
    models: Sequence[str] = (),
    wheels: bool = True,
    report: Report,
    cancel: Cancel,
) -> Kit:
    """Write a kit to ``folder``, with the models by these ids, or with all that are here.

    What is in the folder already and right is not written again, so a kit can be renewed, and a
    stick that was pulled out halfway continued. Raises ``lesson.model_not_here``,
    ``lesson.nothing_to_share``, ``lesson.kit_wheels`` and what copying raises.
    """
    library = Library(context.models_dir)
    chosen = _chosen(library, models)
    below = folder / "models"
    to_write = sum(
        model.file.size_bytes - _there(below / model.file.name) for model, _ in chosen if model.file
    )
    check_room(folder, max(to_write, 0) + (WHEELS_BYTES if wheels else 0))
    for model, path in chosen:
        _put_model(model, path, below, context, report, cancel)
    lock = data_root() / "requirements" / "runtime.txt"
    with_wheels = wheels and lock.is_file()
    _copy_data(folder, [model for model, _ in chosen], lock if with_wheels else None)
    if with_wheels:
        report(StepStarted(step="lesson.kit_wheels"))
        _download_wheels(lock, folder / "wheels", cancel)
        report(StepFinished(step="lesson.kit_wheels"))
    elif wheels:
        report(Notice(code="lesson.kit_without_wheels"))
    kit = _describe(folder, [model for model, _ in chosen], with_wheels, cancel)
    write_private_json(
        folder / KIT_FILE,
        {
            "version": KIT_VERSION,
            "paadje": __version__,
            "made_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "platform": kit.platform,
            "python": kit.python,
            "models": list(kit.models),
            "wheels": kit.wheels,
            "files": [
                {"path": file.path, "size_bytes": file.size_bytes, "sha256": file.sha256}
                for file in kit.files
            ],
        },
    )
    sums = "".join(f"{file.sha256}  {file.path}\n" for file in kit.files)
    (folder / SUMS_FILE).write_text(sums, encoding="utf-8", newline="\n")
    return kit


def is_kit(folder: Path) -> bool:
    return (folder / KIT_FILE).is_file()


def check_kit(folder: Path, *, report: Report, cancel: Cancel) -> tuple[str, ...]:
    """Read every file of a kit; the paths of those that are missing or not right.

    Raises ``lesson.no_kit`` when the folder is none.
    """
    data = read_json_object(folder / KIT_FILE)
    files = data.get("files") if data else None
    if data is None or data.get("version") != KIT_VERSION or not isinstance(files, list):
        raise PaadjeError("lesson.no_kit", folder=str(folder))
    wrong = []
    for record in files:
        try:
            name, sha256 = str(record["path"]), str(record["sha256"])
        except (TypeError, KeyError):
            raise PaadjeError("lesson.no_kit", folder=str(folder)) from None
        path = folder / name
        # A list that points outside its own folder is nobody's kit.
        inside = path.resolve().is_relative_to(folder.resolve())
        if not inside or not path.is_file() or not _is(path, sha256, report, cancel):
            wrong.append(name)
    return tuple(wrong)


def _is(path: Path, sha256: str, report: Report, cancel: Cancel) -> bool:
    try:
        return sha256_of(path, report=report, cancel=cancel) == sha256
    except OSError:
        return False


def _chosen(library: Library, ids: Sequence[str]) -> list[tuple[CatalogModel, Path]]:
    models = catalog.load_catalog()
    wanted = [models.model(id_) for id_ in ids] or list(models.models)
    found = []
    for model in wanted:
        path = library.find(model.file) if model.file is not None else None
        if path is not None:
            found.append((model, path))
        elif ids:
            raise UsageError("lesson.model_not_here", model=model.id)
    if not found:
        raise PaadjeError("lesson.nothing_to_share")
    return found


def _there(target: Path) -> int:
    try:
        return target.stat().st_size
    except OSError:
        return bytes_in_part(target.with_name(target.name + PART_SUFFIX))


def _put_model(
    model: CatalogModel,
    path: Path,
    folder: Path,
    context: Context,
    report: Report,
    cancel: Cancel,
) -> None:
    assert model.file is not None
    target = folder / model.file.name
    report(StepStarted(step="lesson.kit_model", params={"model": model.name}))
    # Verified while it is written; a right file that is there is left as it is.
    copy_file(
        path,
        Order(
            file=model.file,
            target=target,
            environ=context.environ,
            report=report,
            cancel=cancel,
        ),
    )
    (folder / f".{target.name}.lock").unlink(missing_ok=True)
    report(StepFinished(step="lesson.kit_model"))


def _copy_data(folder: Path, models: Sequence[CatalogModel], lock: Path | None) -> None:
    try:
        shutil.copyfile(catalog_file(), folder / "catalog.json")
        if is_kit(folder):  # Elsewhere it may be a folder of the user's own.
            shutil.rmtree(folder / "recipes", ignore_errors=True)
        (folder / "recipes").mkdir(exist_ok=True)
        for recipe in sorted(recipes_dir().glob("*.toml")):
            shutil.copyfile(recipe, folder / "recipes" / recipe.name)
        if lock is not None:
            shutil.copyfile(lock, folder / "requirements.txt")
        licences = "".join(
            f"{model.name}: {model.licence.name} {model.licence.url or ''}".rstrip() + "\n"
            for model in models
        )
        (folder / "licences.txt").write_text(licences, encoding="utf-8")
    except OSError as error:
        raise PaadjeError(
            "models.cannot_write", folder=str(folder), detail=f"{type(error).__name__}: {error}"
        ) from error


def _download_wheels(lock: Path, folder: Path, cancel: Cancel) -> None:
    """The locked programs as files, checked against the hashes of the lock."""
    folder.mkdir(parents=True, exist_ok=True)
    run_pip(
        [
            "download", "--quiet", "--require-hashes", "--only-binary=:all:",
            "--requirement", str(lock), "--dest", str(folder),
        ],
        failure="lesson.kit_wheels",
        cancel=cancel,
    )  # fmt: skip


def _describe(
    folder: Path,
    models: Sequence[CatalogModel],
    with_wheels: bool,
    cancel: Cancel,
) -> Kit:
    """Every file of the kit with its hash; those of models were computed while writing."""
    known = {model.file.name: model.file.sha256 for model in models if model.file is not None}
    parts = ["catalog.json", "licences.txt"]
    parts += ["requirements.txt"] if with_wheels else []
    paths = [folder / name for name in parts]
    paths += sorted((folder / "recipes").glob("*.toml"))
    paths += [folder / "models" / name for name in sorted(known)]
    if with_wheels:
        paths += sorted((folder / "wheels").glob("*.whl"))
    files = []
    for path in paths:
        cancel.check()
        sha256 = known.get(path.name) or hashlib.sha256(path.read_bytes()).hexdigest()
        name = path.relative_to(folder).as_posix()
        files.append(KitFile(path=name, size_bytes=path.stat().st_size, sha256=sha256))
    return Kit(
        folder=str(folder),
        models=tuple(model.id for model in models),
        wheels=with_wheels,
        platform=f"{platform.system()} {platform.machine()}",
        python=f"{sys.version_info.major}.{sys.version_info.minor}",
        files=tuple(files),
    )
