"""The models on this computer, for people who look after them."""

from dataclasses import dataclass
from pathlib import Path

from launcher import catalog
from launcher.downloads.hashing import sha256_of
from launcher.errors import PaadjeError, UsageError
from launcher.events import Cancel, Report
from launcher.lesson.running import live_lessons
from launcher.lesson.types import Context
from launcher.models.library import Library


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One file. ``complete`` is False for half a download and for a file that was set aside."""

    name: str
    size_bytes: int
    sha256: str | None
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether the bytes on disk are the bytes that were fetched or added."""

    name: str
    right: bool


def list_models(context: Context) -> tuple[ModelEntry, ...]:
    """What is in the library, and what is half fetched."""
    library = Library(context.models_dir)
    whole = [
        ModelEntry(
            name=entry.name,
            size_bytes=entry.size_bytes,
            sha256=entry.sha256,
            complete=entry.present,
        )
        for entry in library.entries()
    ]
    partial = [
        ModelEntry(name=part.name, size_bytes=part.size_bytes, sha256=None, complete=False)
        for part in library.partials()
    ]
    return (*whole, *partial)


def add_model(context: Context, path: Path, *, report: Report, cancel: Cancel) -> ModelEntry:
    """Take a GGUF file of the user's own into the library."""
    if not path.is_file():
        raise UsageError("lesson.no_such_file", file=str(path))
    added = Library(context.models_dir).add(path, report=report, cancel=cancel)
    return _find(context, added.name)


def remove_model(context: Context, name: str) -> ModelEntry:
    """Remove a model by its file name or its catalog id; refused while a lesson uses it."""
    entry = _find(context, name)
    used = {spec.engine.model for spec in live_lessons(context)}
    models = catalog.load_catalog().models
    if any(model.file and model.file.name == entry.name and model.id in used for model in models):
        raise PaadjeError("lesson.model_in_use", model=entry.name)
    Library(context.models_dir).remove(entry.name)
    return entry


def verify_models(
    context: Context, name: str | None, *, report: Report, cancel: Cancel
) -> tuple[Verification, ...]:
    """Read every byte again and compare; one model, or all that are complete."""
    library = Library(context.models_dir)
    wanted = {_find(context, name).name} if name else None
    return tuple(
        Verification(
            name=entry.name,
            right=sha256_of(entry.path, report=report, cancel=cancel) == entry.sha256,
        )
        for entry in library.entries()
        if entry.path.is_file() and (wanted is None or entry.name in wanted)
    )


def _find(context: Context, name: str) -> ModelEntry:
    by_id = {model.id: model.file.name for model in catalog.load_catalog().models if model.file}
    wanted = by_id.get(name, name)
    for entry in list_models(context):
        if entry.name == wanted:
            return entry
    raise UsageError("lesson.model_not_here", model=name)
