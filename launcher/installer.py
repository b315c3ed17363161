"""What the installers of all systems ask for: ``python -m launcher.installer VERB …``.

``busy PROGRAM``             0 when the folder can be replaced, 10 while a lesson runs, 11 while a
                             program in that folder runs
``import-kit MODELS``        take over the models of a stick, by copy and sha256
``uninstall PROGRAM [--everything | --keep] [--receipt FILE]``
                             ask about models and data, remove them when told to, and say what is
                             freed and what is left; the caller removes PROGRAM afterwards
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from launcher import lesson
from launcher.errors import ExitCode, PaadjeError
from launcher.events import Cancel, ignore
from launcher.i18n import Translator, describe_error, pick_language, translator
from launcher.lesson.running import live_lessons
from launcher.lesson.types import Context

LESSON_RUNS = 10
PROGRAM_RUNS = 11


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one verb; returns its exit code."""
    parser = argparse.ArgumentParser(prog="launcher.installer", allow_abbrev=False)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("busy").add_argument("program", type=Path)
    verbs.add_parser("import-kit").add_argument("models", type=Path)
    away = verbs.add_parser("uninstall")
    away.add_argument("program", type=Path)
    choice = away.add_mutually_exclusive_group()
    choice.add_argument("--everything", action="store_true")
    choice.add_argument("--keep", action="store_true")
    away.add_argument("--receipt", type=Path)
    options = parser.parse_args(arguments)
    try:
        context = lesson.open_context(environ)
        t = translator(context.lang)
        if options.verb == "busy":
            return busy(context, options.program, t)
        if options.verb == "import-kit":
            return import_kit(context, options.models, t)
        code = busy(context, options.program, t)
        if code:
            return code
        everything = options.everything or (not options.keep and _wants_all_gone(context, t))
        receipt = "\n".join(uninstall(context, options.program, t, everything=everything)) + "\n"
        if options.receipt:
            # What shows it on Windows reads UTF-16.
            encoding = "utf-16" if sys.platform == "win32" else "utf-8"
            options.receipt.write_text(receipt, encoding=encoding)
        else:
            sys.stdout.write(receipt)
        return ExitCode.OK
    except PaadjeError as error:
        text = describe_error(error, pick_language(None, environ))
        sys.stderr.write(f"{text.message}\n{text.advice}\n{text.detail}\n")
        return error.exit_code


def busy(context: Context, program: Path, t: Translator) -> int:
    """Whether something of Paadje runs that a change of the program would break."""
    if live_lessons(context):
        sys.stderr.write(t("packaging.lesson_runs") + "\n")
        return LESSON_RUNS
    if _runs_from(program):
        sys.stderr.write(t("packaging.program_runs") + "\n")
        return PROGRAM_RUNS
    return ExitCode.OK


def _runs_from(program: Path) -> bool:
    import psutil

    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    folder = os.path.normcase(
        os.path.realpath(program / "app" if program.name != "app" else program)
    )
    for process in psutil.process_iter():
        try:
            exe = "" if process.pid in own else process.exe()
        except (psutil.Error, OSError, RuntimeError):
            continue  # Not ours to look at, so not this user's Paadje.
        if exe and os.path.normcase(os.path.realpath(exe)).startswith(folder + os.sep):
            return True
    return False


def import_kit(context: Context, models: Path, t: Translator) -> int:
    """Copy every model of the catalog that lies in the folder, verified; nothing is fetched."""
    from launcher import catalog
    from launcher.models.fetch import ensure_model
    from launcher.models.library import Library

    library = Library(context.models_dir)
    code: int = ExitCode.OK
    for model in catalog.load_catalog().models:
        if model.file is None or not (models / model.file.name).is_file():
            continue
        size = t.size(model.file.size_bytes)
        sys.stdout.write(t("packaging.kit_copies", model=model.name, size=size) + "\n")
        sys.stdout.flush()
        try:
            ensure_model(
                model,
                library,
                hf_endpoint=context.settings.hf_endpoint,
                offline=True,
                from_place=str(models / model.file.name),
                environ=context.environ,
                report=ignore,
                cancel=Cancel(),
            )
        except PaadjeError as error:
            text = describe_error(error, context.lang)
            sys.stderr.write(f"{text.message}\n{text.advice}\n")
            code = ExitCode.KNOWN_ERROR
    return code


def uninstall(
    context: Context, program: Path, t: Translator, *, everything: bool
) -> tuple[str, ...]:
    """The receipt, as lines; with ``everything`` the models and data are gone when it returns."""
    lines = [t("packaging.program_goes", folder=str(program), size=t.size(_size_of(program)))]
    if everything:
        receipt = lesson.uninstall(context, None)
        size_freed = t.size(receipt.freed_bytes)
        if not receipt.kept:
            lines.append(t("packaging.data_gone", size=size_freed))
            return (*lines, *(f"  {name}" for name in receipt.removed))
        lines.append(t("packaging.data_gone_but", size=size_freed))
        return (*lines, *(f"  {name}" for name, _ in receipt.kept))
    left = [folder for folder in _data_folders(context) if folder.exists()]
    if left:
        size = sum(_size_of(folder) for folder in left)
        lines.append(t("packaging.data_stays", size=t.size(size)))
        lines += [f"  {folder}" for folder in left]
    else:
        lines.append(t("packaging.no_data"))
    return tuple(lines)


def _data_folders(context: Context) -> list[Path]:
    paths = context.paths
    folders = dict.fromkeys((context.models_dir, paths.data, paths.config, paths.cache, paths.logs))
    # A folder inside another one is told with it.
    return [f for f in folders if not any(other in f.parents for other in folders)]


def _size_of(folder: Path) -> int:
    size_bytes = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                size_bytes += _size_of(Path(entry.path))
            else:
                size_bytes += entry.stat(follow_symlinks=False).st_size
    return size_bytes


def _wants_all_gone(context: Context, t: Translator) -> bool:
    """Ask on the terminal; without one, or without a clear yes, everything is kept."""
    left = [folder for folder in _data_folders(context) if folder.exists()]
    if not left or sys.stdin is None or not sys.stdin.isatty():
        return False
    size = t.size(sum(_size_of(folder) for folder in left))
    sys.stdout.write(t("packaging.ask_everything", size=size) + " ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("j", "ja", "y", "yes")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
