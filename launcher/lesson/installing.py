"""Fetch and verify what a plan needs, remember it, and take it away again."""

import contextlib
import shutil
from pathlib import Path

from launcher import catalog
from launcher.downloads.locks import lock_file_of
from launcher.downloads.part import note_file_of
from launcher.errors import PaadjeError
from launcher.events import Cancel, Notice, Report
from launcher.files import read_json_object, write_private_json
from launcher.lesson.benching import calibrate
from launcher.lesson.library import require_licence
from launcher.lesson.plan import LaunchPlan
from launcher.lesson.planning import planned_model
from launcher.lesson.running import live_lessons
from launcher.lesson.types import Context, InstallReceipt, UninstallReceipt
from launcher.models.library import INDEX, Library
from launcher.paths import APP_NAME


def is_installed(context: Context, plan: LaunchPlan) -> bool:
    """Whether everything the plan needs is on disk, as far as a quick look can tell."""
    if not plan.files:
        return True  # The model runs elsewhere.
    _, file = planned_model(context, plan)
    return Library(context.models_dir).find(file) is not None


def install(
    context: Context,
    plan: LaunchPlan,
    *,
    from_place: str | None = None,
    report: Report,
    cancel: Cancel,
) -> InstallReceipt:
    """Fetch the plan's files and verify them; what is there and right is not fetched again.

    ``from_place`` is a folder, a file, an address or ``lan`` to try first. Raises
    ``lesson.licence_not_accepted`` when the model's licence asks for a yes first. A partial file is
    kept when this fails or is cancelled, and the next call continues with it.
    """
    from launcher.downloads.pace import Pace
    from launcher.models.fetch import ensure_model

    if not plan.files:
        return InstallReceipt(app=plan.app, model=plan.model, files=(), fetched_bytes=0)
    model, file = planned_model(context, plan)
    require_licence(context, model)
    settings = context.settings
    library = Library(context.models_dir)
    missing_bytes = library.missing_bytes(file)
    path = ensure_model(
        model,
        library,
        hf_endpoint=settings.hf_endpoint,
        offline=settings.offline,
        from_place=from_place,
        environ=context.environ,
        report=report,
        cancel=cancel,
        pace=Pace(
            connections=settings.connections,
            limit_bytes_per_s=settings.download_limit_mbit * 1e6 / 8 or None,
        ),
        mirrors=settings.mirrors.split(),
        colleagues=settings.colleagues,
    )
    receipt = InstallReceipt(
        app=plan.app, model=plan.model, files=(path.name,), fetched_bytes=missing_bytes
    )
    write_private_json(
        context.paths.receipts / f"{plan.app}.json",
        {"app": plan.app, "model": plan.model, "files": list(receipt.files)},
    )
    if plan.practice:
        report(Notice(code="lesson.practice_model"))
    if missing_bytes:
        calibrate(context, plan, report=report, cancel=cancel)
    return receipt


def uninstall(context: Context, app: str | None) -> UninstallReceipt:
    """Take away one app, or everything when ``app`` is None. Refused while its lesson runs.

    A model file that another app needs is kept. With None, all models, settings, logs and lessons
    go as well: nothing of Paadje is left but the program.
    """
    running = {entry.id for lesson in live_lessons(context) for entry in lesson.apps}
    if running and (app is None or app in running):
        raise PaadjeError("lesson.still_running")
    if app is None:
        return _remove_everything(context)
    catalog.load_recipe(app)
    library = Library(context.models_dir)
    receipt_file = context.paths.receipts / f"{app}.json"
    mine = _files_of(receipt_file)
    others: set[str] = set()
    for other in context.paths.receipts.glob("*.json"):
        if other != receipt_file:
            others |= _files_of(other)
    freed_bytes = 0
    removed = []
    for entry in library.entries():
        if entry.name in mine - others:
            freed_bytes += entry.size_bytes
            library.remove(entry.name)
            removed.append(entry.name)
    receipt_file.unlink(missing_ok=True)
    kept = tuple((name, "used_by_other_app") for name in sorted(mine & others))
    return UninstallReceipt(freed_bytes=freed_bytes, removed=tuple(removed), kept=kept)


def _files_of(receipt: Path) -> set[str]:
    """The model files that were installed; nothing where the receipt is not to be read."""
    files = (read_json_object(receipt) or {}).get("files")
    return {each for each in files if isinstance(each, str)} if isinstance(files, list) else set()


OWN_DATA = (
    "models", "lessons", "primed", "installed",
    "addresses.json", "firewall.json", "licences.json", "measured.json", "slots.json",
)  # fmt: skip
OWN_CACHE = ("headers", "layouts")
OWN_LOGS = ("reports", "*.log*", "????????-??????-????")
OWN_CONFIG = ("settings.toml",)


def _remove_everything(context: Context) -> UninstallReceipt:
    """What Paadje made, and nothing else: ``PAADJE_HOME`` and ``models_dir`` may be folders where
    the user keeps other things. Such a folder stays, and the receipt says so."""
    from launcher.lesson.sharing import remove_from_firewall

    paths = context.paths
    remove_from_firewall(context)
    own = _library_files(context.models_dir)
    for folder, names in (
        (paths.data, OWN_DATA),
        (paths.config, OWN_CONFIG),
        (paths.cache, OWN_CACHE),
        (paths.logs, OWN_LOGS),
    ):
        own += [path for name in (*names, ".*.tmp") for path in folder.glob(name)]
    folders = dict.fromkeys((context.models_dir, paths.data, paths.config, paths.cache, paths.logs))
    # On Linux the logs lie one folder deeper.
    folders |= dict.fromkeys(each.parent for each in folders if each.parent.name == APP_NAME)
    there = [folder for folder in folders if folder.is_dir()]
    freed_bytes = sum(_remove(path) for path in own)
    # The deepest first: on some systems one holds the other.
    for folder in sorted(there, key=lambda folder: -len(folder.parts)):
        with contextlib.suppress(OSError):
            folder.rmdir()
    return UninstallReceipt(
        freed_bytes=freed_bytes,
        removed=tuple(str(folder) for folder in there if not folder.exists()),
        kept=tuple((str(folder), "not_ours") for folder in there if folder.exists()),
    )


def _library_files(folder: Path) -> list[Path]:
    library = Library(folder)
    partials = [partial.path for partial in library.partials()]
    return [
        *(entry.path for entry in library.entries()),
        *partials,
        *(note_file_of(partial) for partial in partials),
        folder / INDEX,
        *folder.glob(".*.gguf.lock"),
        lock_file_of(folder / INDEX),
        *folder.glob(f".{INDEX}.*.tmp"),
    ]


def _remove(path: Path) -> int:
    """The bytes that came free."""
    if path.is_dir() and not path.is_symlink():
        freed_bytes = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        shutil.rmtree(path)
        return freed_bytes
    try:
        freed_bytes = path.lstat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    return freed_bytes
