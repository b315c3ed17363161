"""A Windows 10 of its own for proofs: Wine 8, and stand-ins for what Wine 8 lacks of Windows."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pefile

WINE = "/usr/lib/wine/wine64"
LOCAL = "users/Zoë Müller/AppData/Local"
"""Inside drive C: where a user of that name would have it."""
RANDOM = """
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{ return SystemFunction036(data, (ULONG)size); }
"""
"""bcryptprimitives.dll: in Windows since Vista, in Wine since version 9."""
MATH = b"api-ms-win-crt-math-l1-1-0.dll"
OWN_MATH = b"paadje-crt-math-l1-1-00.dll"
COMPLEX = re.compile(r"(c(real|imag|arg|abs|pow|exp|log|sqrt|sinh?|cosh?|tanh?))([fl]?)")


class Wine:
    """A Windows 10 of its own, with the user's folders below a name with an ë and a space."""

    def __init__(self, folder: Path) -> None:
        self.prefix = folder / "wine"
        self.drive = self.prefix / "drive_c"
        self.environment = {
            **os.environ,
            "WINEPREFIX": str(self.prefix),
            "WINEDEBUG": "-all",
            # No WMI (it aborts), and our own runtime DLLs instead of Wine's.
            "WINEDLLOVERRIDES": "mscoree,mshtml=;wbemprox=d;"
            "msvcp140,vcomp140,vcruntime140,vcruntime140_1=n",
            "LC_ALL": "C.UTF-8",
        }
        self.run("wineboot", "-i")
        self.run("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
        shell_folders = (
            r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
        )
        place = "C:\\" + LOCAL.replace("/", "\\")
        (self.drive / LOCAL).mkdir(parents=True)
        self.run("reg", "add", shell_folders, "/v", "Local AppData", "/d", place, "/f")
        source = folder / "random.c"
        source.write_text(RANDOM)
        compile_dll(self.system / "bcryptprimitives.dll", source, "-ladvapi32")

    def run(
        self, *words: str | Path, leaves_a_lesson: bool = False
    ) -> "subprocess.CompletedProcess[str]":
        # Pipes on all sides: CPython cannot use Wine's handles of plain files. Wine hands the error
        # stream on to everything that is ever started, and we would wait for the end of that.
        return subprocess.run(
            [WINE, *map(str, words)],
            env=self.environment,
            input="",
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if leaves_a_lesson else subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=900,
            check=False,
        )

    def python(self, *words: str | Path, leaves_a_lesson: bool = False) -> str:
        program = self.app / "python" / "python.exe"
        done = self.run(program, "-X", "utf8", *words, leaves_a_lesson=leaves_a_lesson)
        assert done.returncode == 0, done.stdout
        return done.stdout

    @property
    def system(self) -> Path:
        return self.drive / "windows" / "system32"

    @property
    def app(self) -> Path:
        return self.drive / LOCAL / "Programs" / "Paadje" / "app"

    def files(self) -> Sequence[str]:
        users = self.drive / "users"
        found = [path for path in users.rglob("*") if path.is_file()]
        # Where the uninstaller copies itself to; Windows empties this folder.
        return sorted(str(path.relative_to(users)) for path in found if "Temp" not in path.parts)

    def let_numpy_in(self) -> None:
        """Give the installed numpy the complex functions of C, of which Wine has names only.

        Wine does not look for a file when a DLL is called ``api-ms-win-…``, so that numpy's copy
        here asks for another name. All other functions come from Wine as before.
        """
        core = self.app / "python/Lib/site-packages/numpy/_core"
        extension = next(core.glob("_multiarray_umath*.pyd"))
        with pefile.PE(str(extension)) as image:
            tables = [table for table in image.DIRECTORY_ENTRY_IMPORT if table.dll == MATH]
            names = [entry.name.decode() for table in tables for entry in table.imports]
        assert names
        code, exports = ["#include <complex.h>"], ["EXPORTS"]
        for name in names:
            found = COMPLEX.fullmatch(name)
            if found is None:
                exports.append(f"{name} = ucrtbase.{name}")
                continue
            # On Windows a long double is a double.
            kind, inner = ("float", f"{found[1]}f") if found[3] == "f" else ("double", found[1])
            gives = kind if found[2] in ("real", "imag", "arg", "abs") else f"{kind} complex"
            wants, passes = f"{kind} complex a", "a"
            if found[2] == "pow":
                wants, passes = f"{wants}, {kind} complex b", "a, b"
            code.append(f"{gives} our_{name}({wants}) {{ return {inner}({passes}); }}")
            exports.append(f"{name} = our_{name}")
        source, table = self.prefix.parent / "math.c", self.prefix.parent / "math.def"
        source.write_text("\n".join(code) + "\n")
        table.write_text("\n".join(exports) + "\n")
        compile_dll(self.system / OWN_MATH.decode(), source, table)
        content = extension.read_bytes()
        assert content.count(MATH) == 1
        extension.write_bytes(content.replace(MATH, OWN_MATH.ljust(len(MATH), b"\0")))


def compile_dll(target: Path, *words: str | Path) -> None:
    compiler = ["x86_64-w64-mingw32-gcc", "-O1", "-shared", "-s", "-static-libgcc"]
    subprocess.run([*compiler, "-o", target, *words], check=True)
