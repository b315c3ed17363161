"""Linux: a .deb for IT, and a .run that a teacher starts without being root."""

import shutil
from pathlib import Path

from builder.common import PACKAGING, PYTHON_MINOR, Options, empty, run, tool
from builder.tree import fix_times_and_modes, make_tree, size_of

SOURCES = PACKAGING / "linux"
ICON_SIZES = (48, 128, 256)
MAINTAINER = "The Paadje project <paadje@example.invalid>"
DESCRIPTION = """Run AI on your own laptop and share it with your class
 Paadje lets a teacher run a language model on their own computer and share an
 app with the class over the local network. Student work does not leave the room.
 .
 This package carries its own Python; it fetches nothing while it is installed."""


def build_deb(options: Options) -> Path:
    root = empty(options.work / "linux-deb")
    app = root / "usr" / "lib" / "paadje"
    app.mkdir(parents=True)
    _put_app(app, options)
    (root / "usr" / "bin").mkdir()
    (root / "usr" / "bin" / "paadje").symlink_to("../lib/paadje/bin/paadje")
    entries = root / "usr" / "share" / "applications"
    entries.mkdir(parents=True)
    entry = (app / "share" / "paadje.desktop").read_text(encoding="utf-8")
    (entries / "paadje.desktop").write_text(
        entry.replace("@EXEC@", "/usr/lib/paadje/bin/paadje-terminal"), encoding="utf-8"
    )
    icons = root / "usr" / "share" / "icons" / "hicolor"
    for size in ICON_SIZES:
        folder = icons / f"{size}x{size}" / "apps"
        folder.mkdir(parents=True)
        shutil.copy2(app / "share" / f"paadje-{size}.png", folder / "paadje.png")
    (icons / "scalable" / "apps").mkdir(parents=True)
    shutil.copy2(app / "share" / "paadje.svg", icons / "scalable" / "apps" / "paadje.svg")
    documents = root / "usr" / "share" / "doc" / "paadje"
    documents.mkdir(parents=True)
    shutil.copy2(app / "LICENSE", documents / "copyright")
    control = root / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(_control(size_of(root), options), encoding="utf-8")
    refuse = (SOURCES / "refuse-while-running.sh").read_text(encoding="utf-8")
    for name in ("preinst", "prerm"):
        script = control / name
        script.write_text(f"#!/bin/sh\nset -e\n{refuse}exit 0\n", encoding="utf-8")
        script.chmod(0o755)
    fix_times_and_modes(root, options.epoch)
    made = options.out / f"paadje_{options.label}_amd64.deb"
    compression = ["-Zgzip", "-z1"] if options.fast else ["-Zxz", "-z9", "-Sextreme"]
    run(
        [
            tool("dpkg-deb", "dpkg"), "--build", "--root-owner-group", *compression,
            "--threads-max=1", root, made,
        ],
        SOURCE_DATE_EPOCH=str(options.epoch),
    )  # fmt: skip
    shutil.rmtree(root)
    return made


def build_run(options: Options) -> Path:
    root = empty(options.work / "linux-run")
    _put_app(root / "app", options)
    for name in ("install.sh", "uninstall.sh"):
        _fill_in(SOURCES / name, root / name)
    fix_times_and_modes(root, options.epoch)
    made = options.out / f"Paadje-{options.label}-linux-x64.run"
    compression = ["--xz", "--complevel", "0" if options.fast else "9"]
    exact_tar = (
        f"--sort=name --mtime=@{options.epoch} --owner=0 --group=0 --numeric-owner --format=gnu"
    )
    when = run(["date", "-u", "-d", f"@{options.epoch}"], LC_ALL="C").strip()
    run(
        [
            tool("makeself", "makeself"), "--quiet", *compression, "--sha256",
            "--nomd5", "--nocrc", "--tar-extra", exact_tar, "--packaging-date", when,
            root.name, made.name, f"Paadje {options.version}", "./install.sh",
        ],
        # It writes its own command line into the file: with names only, not where it was built.
        cwd=root.parent,
        XZ_DEFAULTS="--threads=1",
        TZ="UTC",
    )  # fmt: skip
    shutil.move(root.parent / made.name, made)
    shutil.rmtree(root)
    return made


def _put_app(app: Path, options: Options) -> None:
    make_tree("linux-x64", app, options)
    (app / "bin").mkdir()
    for name in ("paadje", "paadje-window", "paadje-terminal"):
        _fill_in(SOURCES / name, app / "bin" / name)
    (app / "share").mkdir()
    shutil.copy2(SOURCES / "paadje.desktop", app / "share" / "paadje.desktop")
    for name in ("paadje.svg", *(f"paadje-{size}.png" for size in ICON_SIZES)):
        shutil.copy2(PACKAGING / "icons" / name, app / "share" / name)


def _fill_in(source: Path, target: Path) -> None:
    text = source.read_text(encoding="utf-8").replace("@MINOR@", PYTHON_MINOR)
    target.write_text(text, encoding="utf-8")
    target.chmod(0o755)


def _control(installed_bytes: int, options: Options) -> str:
    version = options.label.replace("-", "~")
    return f"""Package: paadje
Version: {version}
Architecture: amd64
Maintainer: {MAINTAINER}
Installed-Size: {installed_bytes // 1024}
Depends: libc6 (>= 2.28)
Recommends: xterm | x-terminal-emulator
Section: education
Priority: optional
Description: {DESCRIPTION}
"""
