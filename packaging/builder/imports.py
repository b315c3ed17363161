"""Which DLLs the native files of a Windows folder ask for, and which of them nobody brings."""

from collections.abc import Iterable
from pathlib import Path

PART_OF_WINDOWS = frozenset(
    f"{name}.dll"
    for name in (
        "advapi32", "bcrypt", "bcryptprimitives", "cfgmgr32", "combase", "comctl32", "comdlg32",
        "crypt32", "cryptbase", "dbghelp", "dnsapi", "dwmapi", "gdi32", "imm32", "iphlpapi",
        "kernel32", "kernelbase", "mpr", "msvcrt", "ncrypt", "netapi32", "normaliz", "ntdll",
        "ole32", "oleaut32", "pdh", "powrprof", "propsys", "psapi", "rpcrt4", "sechost",
        "secur32", "setupapi", "shell32", "shlwapi", "ucrtbase", "user32", "userenv", "version",
        "winhttp", "wininet", "winmm", "wintrust", "wldap32", "ws2_32", "wsock32", "wtsapi32",
    )
)  # fmt: skip
"""On every Windows 10 and 11, also without the Visual C++ package and without a graphics driver."""

NATIVE = (".exe", ".dll", ".pyd")


def imported_dlls(file: Path) -> set[str]:
    """The names in the import and the delayed import table, in lower case."""
    import pefile

    directories = [
        pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_IMPORT"],
        pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT"],
    ]
    with pefile.PE(str(file), fast_load=True) as image:
        image.parse_data_directories(directories=directories)
        tables = (
            *getattr(image, "DIRECTORY_ENTRY_IMPORT", ()),
            *getattr(image, "DIRECTORY_ENTRY_DELAY_IMPORT", ()),
        )
        return {entry.dll.decode("ascii").lower() for entry in tables}


def is_part_of_windows(name: str) -> bool:
    return name in PART_OF_WINDOWS or name.startswith(("api-ms-win-", "ext-ms-win-"))


def unmet(wanted: Iterable[str], shipped: Iterable[str]) -> list[str]:
    """The names that are neither in ``shipped`` nor part of Windows."""
    here = {name.lower() for name in shipped}
    return sorted(name for name in wanted if name not in here and not is_part_of_windows(name))


def missing_dlls(folder: Path) -> dict[str, list[str]]:
    """For each native file below ``folder``: what it lacks. A DLL is found beside the file that
    asks for it, in a package's own ``*.libs``, or beside python.exe."""
    beside_python = [path.name for path in folder.glob("python/*.dll")]
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in NATIVE and file.is_file():
            beside = [path.name for path in file.parent.glob("*.dll")]
            carried = [path.name for path in folder.rglob("*.libs/*.dll")]
            lacking = unmet(imported_dlls(file), [*beside_python, *beside, *carried])
            if lacking:
                found[file.relative_to(folder).as_posix()] = lacking
    return found
