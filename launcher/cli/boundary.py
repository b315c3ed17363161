"""Errors on their way out: three parts for people, one object for programs, never a traceback."""

import contextlib
import json
import platform
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import TextIO

from launcher import __version__
from launcher.errors import ExitCode, PaadjeError
from launcher.files import write_private
from launcher.i18n import describe_error, pick_language, saved_language, translator
from launcher.logs import printable
from launcher.paths import find_paths

JSON_VERSION = 1


def show_error(error: PaadjeError, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Tell the user about a known error; returns its exit code."""
    lang = asked_language(arguments, environ)
    text = describe_error(error, lang)
    if "--json" in arguments:
        value = {
            "version": JSON_VERSION,
            "ok": False,
            "data": None,
            "error": {
                "code": error.code,
                "message": text.message,
                "advice": text.advice,
                "detail": text.detail,
            },
        }
        _write(sys.stdout, json.dumps(value, ensure_ascii=False) + "\n")
    else:
        lines = [text.message, text.advice]
        if text.detail:
            lines.append(translator(lang)("core.detail", detail=text.detail))
        _write(sys.stderr, "\n".join(printable(line) for line in lines) + "\n")
    return error.exit_code


def _write(stream: TextIO, text: str) -> None:
    """The last word, as far as anybody can still hear it: the exit code tells the same."""
    with contextlib.suppress(OSError):
        stream.write(text)
        stream.flush()


def show_bug(error: Exception, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Write a report of a bug and tell where it is; returns exit code 3."""
    report = find_paths(environ).reports / f"bug-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    # The verb only: other arguments may name files or people.
    verb = arguments[0] if arguments else "(tui)"
    body = (
        f"paadje {__version__}\npython {platform.python_version()}\n{platform.platform()}\n"
        f"command {verb}\n\n{''.join(traceback.format_exception(error))}"
    )
    try:
        write_private(report, body)
        where = str(report)
    except OSError:
        where = "-"
    bug = PaadjeError("core.bug", detail=f"{type(error).__name__}: {error}", report=where)
    show_error(bug, arguments, environ)
    return ExitCode.BUG


def asked_language(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language of ``--lang``, else that of the settings: errors of both are told in it too."""
    preferred = None
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            preferred = arguments[place + 1]
        elif argument.startswith("--lang="):
            preferred = argument.removeprefix("--lang=")
    if preferred is None and not environ.get("PAADJE_LANGUAGE"):
        preferred = saved_language(find_paths(environ).settings_file)
    return pick_language(preferred, environ)
