"""macOS: Paadje.app for one kind of chip, zipped; signing and the disk image need a Mac."""

import plistlib
import shutil
import time
import zipfile
from pathlib import Path

from builder.common import PACKAGING, PYTHON_MINOR, BuildError, Options, empty
from builder.tree import fix_times_and_modes, make_tree

SOURCES = PACKAGING / "macos"
ARCHITECTURES = {"macos-arm64": "arm64", "macos-x64": "x86_64"}
ELF = b"\x7fELF"
MACH_O = b"\xcf\xfa\xed\xfe"
CHIPS = {"arm64": b"\x0c\x00\x00\x01", "x86_64": b"\x07\x00\x00\x01"}
FAT = b"\xca\xfe\xba\xbe"


def build_arm64(options: Options) -> Path:
    return _build("macos-arm64", options)


def build_x64(options: Options) -> Path:
    return _build("macos-x64", options)


def make_app(target: str, app: Path, options: Options) -> None:
    """Fill ``Paadje.app``. A proof build without ``--cpython`` leaves the interpreter out: no
    package index carries one for macOS."""
    architecture = ARCHITECTURES[target]
    contents = empty(app) / "Contents"
    resources = contents / "Resources"
    resources.mkdir(parents=True)
    (contents / "MacOS").mkdir()
    with_python = not options.proof or options.cpython is not None
    make_tree(target, resources / "app", options, with_python=with_python)
    for source, place in (
        ("Paadje", contents / "MacOS" / "Paadje"),
        ("Paadje.command", resources / "Paadje.command"),
        ("paadje", resources / "paadje"),
    ):
        text = (SOURCES / source).read_text(encoding="utf-8").replace("@MINOR@", PYTHON_MINOR)
        place.write_text(text, encoding="utf-8")
        place.chmod(0o755)
    plist = (SOURCES / "Info.plist").read_text(encoding="utf-8")
    plist = plist.replace("@VERSION@", options.version).replace("@ARCHITECTURE@", architecture)
    plistlib.loads(plist.encode("utf-8"))
    (contents / "Info.plist").write_text(plist, encoding="utf-8")
    shutil.copy2(PACKAGING / "icons" / "paadje.icns", resources / "paadje.icns")
    foreign = foreign_binaries(app, architecture)
    if foreign:
        raise BuildError("not for this chip or this system: " + ", ".join(foreign))
    fix_times_and_modes(app, options.epoch)


def foreign_binaries(app: Path, architecture: str) -> list[str]:
    """Native files that this kind of Mac cannot load."""
    found = []
    for file in sorted(app.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        with file.open("rb") as opened:
            head = opened.read(4096)
        name = file.relative_to(app).as_posix()
        chip = CHIPS[architecture]
        foreign = head.startswith((ELF, b"MZ"))
        if head.startswith(MACH_O):
            foreign = head[4:8] != chip
        elif head.startswith(FAT) and file.suffix in (".so", ".dylib"):
            count = int.from_bytes(head[4:8], "big")
            foreign = chip[::-1] not in [head[8 + 20 * n : 12 + 20 * n] for n in range(count)]
        if foreign:
            found.append(name)
    return found


def _build(target: str, options: Options) -> Path:
    app = options.work / target / "Paadje.app"
    make_app(target, app, options)
    label = options.label
    if options.proof and options.cpython is None:
        label += "-without-python"
    made = options.out / f"Paadje-{label}-{target}.zip"
    zip_with_modes(app, made, options.epoch)
    shutil.rmtree(app.parent)
    return made


def zip_with_modes(folder: Path, made: Path, epoch: int) -> None:
    """As macOS unpacks it: modes and links kept; sorted, with fixed times."""
    when = time.gmtime(epoch)[:6]
    made.unlink(missing_ok=True)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted([folder, *folder.rglob("*")]):
            name = path.relative_to(folder.parent).as_posix()
            kind = path.lstat().st_mode
            info = zipfile.ZipInfo(
                name + ("/" if path.is_dir() and not path.is_symlink() else ""), when
            )
            info.create_system = 3
            info.external_attr = (kind & 0xFFFF) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            if path.is_symlink():
                packed.writestr(info, str(path.readlink()))
            elif path.is_dir():
                info.compress_type = zipfile.ZIP_STORED
                packed.writestr(info, b"")
            else:
                packed.writestr(info, path.read_bytes(), compresslevel=9)
