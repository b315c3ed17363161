"""One result, two looks: text for people, or one JSON object for programs."""

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from launcher.cli.boundary import JSON_VERSION
from launcher.errors import ExitCode
from launcher.logs import printable


class Picture(str):
    """Text that we drew ourselves and that may steer the terminal: a QR code in colours."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a verb found: ``data`` is JSON-able, ``lines`` say the same to people."""

    data: Any
    lines: Iterable[str]
    exit_code: int = ExitCode.OK


def show(output: Output, *, as_json: bool) -> int:
    """Print to standard output, and return the exit code."""
    if as_json:
        value = {"version": JSON_VERSION, "ok": True, "data": output.data, "error": None}
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    else:
        for line in output.lines:
            sys.stdout.write(f"{line if isinstance(line, Picture) else printable(line)}\n")
    sys.stdout.flush()
    return output.exit_code
