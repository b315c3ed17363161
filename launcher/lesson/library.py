"""The models on this computer, for people who look after them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from launcher import catalog
from launcher.catalog.schema import CatalogModel
from launcher.downloads.hashing import sha256_of
from launcher.engines.primed import forget_model
from launcher.errors import PaadjeError, UsageError
from launcher.events import Cancel, Report
from launcher.files import read_json_object
from launcher.lesson.running import live_lessons
from launcher.lesson.types import Context
from launcher.models import licences
from launcher.models.library import Library, LibraryEntry
from launcher.models.own import find_model


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """One file. ``complete`` is False for half a download and for a file that was set aside.

    ``model`` and ``licence`` are the catalog's, None for a file of the user's own. ``used_by`` are
    the apps that were installed with it; ``in_use`` is True while a lesson runs with it.
    """

    name: str
    size_bytes: int
    sha256: str | None
    complete: bool
    model: str | None = None
    licence: str | None = None
    used_by: tuple[str, ...] = ()
    in_use: bool = False
    last_used_at: str | None = None
    total_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What a file says of itself. None is unknown."""

    name: str | None
    architecture: str
    context_tokens: int | None
    has_chat_template: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether the bytes on disk are the bytes that were fetched or added."""

    name: str
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceCard:
    """The terms of one model. ``text`` is None where it could not be had: then ``page`` tells."""

    model: str
    licence: str
    page: str | None
    needs_acceptance: bool
    accepted_at: str | None
    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What was taken over from other programs, and what they have that Paadje does not know.

    ``others`` are (program, path, size in bytes): each can be added by the user.
    """

    taken: tuple[ModelEntry, ...]
    others: tuple[tuple[str, str, int], ...]


def list_models(context: Context) -> tuple[ModelEntry, ...]:
    """What is in the library, and what is half fetched."""
    library = Library(context.models_dir)
    known = {
        model.file.sha256: model
        for model in catalog.load_catalog().models
        if model.file is not None
    }
    users = _users(context)
    running = {lesson.engine.model for lesson in live_lessons(context)}
    whole = [_entry(entry, known.get(entry.sha256), users, running) for entry in library.entries()]
    partial = [
        ModelEntry(
            name=part.name,
            size_bytes=part.size_bytes,
            sha256=None,
            complete=False,
            total_bytes=part.total_bytes,
        )
        for part in library.partials()
    ]
    return (*whole, *partial)


def _entry(
    entry: LibraryEntry, model: CatalogModel | None, users: dict[str, list[str]], running: set[str]
) -> ModelEntry:
    # A file of the user's own goes by its name.
    id_ = model.id if model else entry.name
    return ModelEntry(
        name=entry.name,
        size_bytes=entry.size_bytes,
        sha256=entry.sha256,
        complete=entry.present,
        model=model.id if model else None,
        licence=model.licence.name if model else None,
        used_by=tuple(users.get(entry.name, ())),
        in_use=id_ in running,
        last_used_at=entry.last_used_at,
    )


def _users(context: Context) -> dict[str, list[str]]:
    """The apps of each file, from what was written down when they were installed."""
    users: dict[str, list[str]] = {}
    for receipt in sorted(context.paths.receipts.glob("*.json")):
        files = (read_json_object(receipt) or {}).get("files")
        for name in files if isinstance(files, list) else ():
            users.setdefault(str(name), []).append(receipt.stem)
    return users


def add_model(context: Context, path: Path, *, report: Report, cancel: Cancel) -> ModelEntry:
    """Take a GGUF file of the user's own into the library."""
    if not path.is_file():
        raise UsageError("lesson.no_such_file", file=str(path))
    added = Library(context.models_dir).add(path, report=report, cancel=cancel)
    return _find(context, added.name)


def model_facts(context: Context, name: str) -> ModelFacts:
    """What the header of a file in the library says."""
    header = Library(context.models_dir).header(_find(context, name).name)
    return ModelFacts(
        name=header.name,
        architecture=header.architecture,
        context_tokens=header.shape.context_tokens,
        has_chat_template=header.has_chat_template,
    )


def import_models(context: Context, *, report: Report, cancel: Cancel) -> Import:
    """Take over what other programs on this computer have of the catalog, by hard link or copy."""
    from launcher.models.elsewhere import list_elsewhere
    from launcher.models.fetch import take_over
    from launcher.models.sources import Order

    library = Library(context.models_dir)
    by_size: dict[int, list[CatalogModel]] = {}
    for model in catalog.load_catalog().models:
        if model.file is not None:
            by_size.setdefault(model.file.size_bytes, []).append(model)
    taken: list[str] = []
    others: list[tuple[str, str, int]] = []
    for found in list_elsewhere(context.environ):
        cancel.check()
        for model in by_size.get(found.size_bytes, ()):
            assert model.file is not None
            if library.find(model.file) is not None:
                break
            order = Order(
                file=model.file,
                target=library.target(model.file),
                environ=context.environ,
                report=report,
                cancel=cancel,
            )
            try:
                take_over(found.path, order)
            except PaadjeError as error:
                if error.code != "models.hash_mismatch":
                    raise
                continue
            library.record(order.target, model.file.sha256, origin="found")
            taken.append(model.file.name)
            break
        else:
            others.append((found.program, str(found.path), found.size_bytes))
    entries = list_models(context)
    return Import(
        taken=tuple(entry for entry in entries if entry.name in taken), others=tuple(others)
    )


def remove_model(context: Context, name: str) -> ModelEntry:
    """Remove a model by its file name or its catalog id; refused while a lesson uses it."""
    entry = _find(context, name)
    if entry.in_use:
        raise PaadjeError("lesson.model_in_use", model=entry.name)
    Library(context.models_dir).remove(entry.name)
    if entry.sha256:
        forget_model(context.paths.primed, entry.sha256)
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


@contextmanager
def share_models(
    context: Context, *, address: str | None, port: int | None, report: Report
) -> Iterator[str]:
    """Share the models of the catalog with colleagues while the block runs; gives the address.

    Only on ``address``, by default the best of this computer's. Raises ``lesson.nothing_to_share``
    when the library has no model of the catalog.
    """
    from launcher.models.serving import FIRST_PORT, serve_models, shared_files
    from launcher.services.ports import first_free_port
    from launcher.sharing.addresses import choose_address

    library = Library(context.models_dir)
    models = catalog.load_catalog().models
    if not shared_files(library, models):
        raise PaadjeError("lesson.nothing_to_share")
    chosen = choose_address(address).address
    with serve_models(
        lambda: shared_files(library, models),
        address=chosen,
        port=port if port is not None else first_free_port(chosen, FIRST_PORT),
        report=report,
    ) as url:
        yield url


def known_model(context: Context, model_id: str) -> CatalogModel:
    """A model of the catalog, or a file of the user's own by its name in the library.

    Raises `UsageError` ``catalog.unknown_model``.
    """
    return find_model(catalog.load_catalog(), Library(context.models_dir), model_id)


def read_licence(context: Context, model_id: str) -> LicenceCard:
    """What the terms of a model are, in full where the maker keeps them beside the model."""
    from launcher.models.sources.huggingface import endpoint_of

    model = known_model(context, model_id)
    text = None
    if not context.settings.offline:
        endpoint = endpoint_of(context.settings.hf_endpoint, context.environ).rstrip("/")
        text = licences.fetch_text(model, endpoint=endpoint, environ=context.environ)
    return LicenceCard(
        model=model.name,
        licence=model.licence.name,
        page=model.licence.url,
        needs_acceptance=model.licence.needs_acceptance,
        accepted_at=licences.accepted_at(context.paths.data, model.licence),
        text=text,
    )


def licence_accepted(context: Context, model_id: str) -> bool:
    """Whether the licence of this model needs no yes, or has had it on this computer."""
    model = known_model(context, model_id)
    return licences.is_accepted(context.paths.data, model.licence)


def accept_licence(context: Context, model_id: str) -> None:
    """The user was shown the licence of this model and said yes: remember that."""
    model = known_model(context, model_id)
    licences.accept(context.paths.data, model.licence, model=model.id)


def require_licence(context: Context, model: CatalogModel) -> None:
    """Raise ``lesson.licence_not_accepted`` when this licence needs a yes that was never given."""
    if not licences.is_accepted(context.paths.data, model.licence):
        raise PaadjeError(
            "lesson.licence_not_accepted",
            model=model.name,
            id=model.id,
            licence=model.licence.name,
            page=model.licence.url or "–",
        )


def _find(context: Context, name: str) -> ModelEntry:
    by_id = {model.id: model.file.name for model in catalog.load_catalog().models if model.file}
    wanted = by_id.get(name, name)
    for entry in list_models(context):
        if entry.name == wanted:
            return entry
    raise UsageError("lesson.model_not_here", model=name)
