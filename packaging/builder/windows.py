"""Windows: a per-user Setup made by NSIS, with python.org's embeddable CPython inside."""

import re
import shutil
from pathlib import Path

from builder.common import PACKAGING, BuildError, Options, empty, run, tool
from builder.imports import missing_dlls
from builder.tree import fix_times_and_modes, make_tree, size_of

SOURCES = PACKAGING / "windows"
LONGEST_PATH = 160
"""Windows stops at 259 characters: this leaves 99 for a user's name and another folder."""


def make_payload(folder: Path, options: Options) -> None:
    """The folder that ends up as ``app``; refused when a DLL is missing or a path is too long."""
    make_tree("windows", folder, options)
    for name in ("paadje.cmd", "paadje-window.cmd"):
        shutil.copy2(SOURCES / name, folder / name)
    shutil.copy2(PACKAGING / "icons" / "paadje.ico", folder / "paadje.ico")
    missing = missing_dlls(folder)
    if missing:
        lines = "\n".join(f"  {file} needs {', '.join(names)}" for file, names in missing.items())
        raise BuildError(f"DLLs that are neither shipped nor part of Windows:\n{lines}")
    longest = max((str(path.relative_to(folder)) for path in folder.rglob("*")), key=len)
    if len(longest) > LONGEST_PATH:
        raise BuildError(f"too long for Windows: {longest}")


def build(options: Options) -> Path:
    payload = empty(options.work / "windows") / "app"
    make_payload(payload, options)
    fix_times_and_modes(payload, options.epoch)
    made = options.out / f"Paadje-Setup-{options.label}.exe"
    numbers = re.findall(r"\d+", options.version)[:3]
    defines = {
        "OUTFILE": made,
        "VERSION": options.label,
        "FILE_VERSION": ".".join([*numbers, *("0" for _ in range(4 - len(numbers)))]),
        "ICON": PACKAGING / "icons" / "paadje.ico",
        "PAYLOAD": payload,
        "SIZE_KIB": size_of(payload) // 1024,
    }
    command = [tool("makensis", "nsis"), "-V2", "-WX", "-INPUTCHARSET", "UTF8"]
    command += ["-DFAST"] if options.fast else []
    command += [f"-D{name}={value}" for name, value in defines.items()]
    run([*command, SOURCES / "paadje.nsi"], SOURCE_DATE_EPOCH=str(options.epoch), TZ="UTC")
    shutil.rmtree(payload.parent)
    return made
