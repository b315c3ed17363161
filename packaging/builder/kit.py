"""A class kit: installers, models and a page that says what to open, in a folder on a stick."""

import html
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from builder.common import PACKAGING, ROOT, BuildError, Options, sha256_of

SYSTEMS = (
    ("Windows 10, 11", "Windows", "Paadje-Setup-{label}.exe"),
    ("Mac (M1, M2, …)", "Mac", "Paadje-{label}-macos-arm64.zip"),
    ("Mac (Intel)", "Mac", "Paadje-{label}-macos-x64.zip"),
    ("Linux", "Linux", "Paadje-{label}-linux-x64.run"),
    ("Linux (.deb)", "Linux", "paadje_{label}_amd64.deb"),
)
GUIDES = (
    "how-to/installeren.md", "how-to/install.md",
    "explanation/voor-ict.md", "explanation/for-it.md",
)  # fmt: skip
FAT32_LIMIT_BYTES = 4 * 1024**3 - 1


def build(
    stick: Path,
    options: Options,
    *,
    app: str | None,
    models: list[str],
    models_from: Path | None,
) -> None:
    """Fill ``stick``: whatever installers of this version are in ``options.out``, and the models
    of ``models`` (else all that the library has for ``app``), taken from a library."""
    sys.path.insert(0, str(ROOT))
    stick.mkdir(parents=True, exist_ok=True)
    rows = _put_installers(stick, options)
    chosen = _put_models(stick / "models", app, models, models_from)
    page = (PACKAGING / "kit" / "read-me.html").read_text(encoding="utf-8")
    for guide in GUIDES:
        text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
        (stick / f"{Path(guide).stem}.html").write_text(as_page(text, page), encoding="utf-8")
    listed = "\n".join(
        f"<tr><td>{html.escape(model['name'])}</td>"
        f"<td>{model['size_bytes'] / 2**30:.1f} GB</td></tr>"
        for model in chosen
    )
    page = page.replace("@ROWS_NL@", rows).replace("@MODELS@", listed)
    for name in ("LEES-MIJ.html", "READ-ME.html"):
        (stick / name).write_text(page, encoding="utf-8")
    _write_sums(stick)
    if any(model["size_bytes"] > FAT32_LIMIT_BYTES for model in chosen):
        print("format the stick as exFAT: FAT32 holds no file of 4 GB")
    print(f"{stick}: {len(chosen)} models, {sum(m['size_bytes'] for m in chosen) / 2**30:.2f} GB")


def _put_installers(stick: Path, options: Options) -> str:
    rows = []
    for system, folder, pattern in SYSTEMS:
        source = options.out / pattern.format(label=options.label)
        if source.is_file():
            (stick / folder).mkdir(exist_ok=True)
            shutil.copy2(source, stick / folder / source.name)
            link = f"{folder}/{source.name}"
            rows.append(f'<tr><td>{system}</td><td><a href="{link}">{link}</a></td></tr>')
    if (stick / "Mac").is_dir():
        # A Mac has no installer that could look beside itself.
        shutil.copy2(PACKAGING / "kit" / "Modellen.command", stick / "Mac")
        rows.append("<tr><td>Mac: modellen · models</td><td>Mac/Modellen.command</td></tr>")
    if not rows:
        raise BuildError(f"{options.out} holds no installer of {options.label}: build one first")
    return "\n".join(rows)


def _put_models(
    folder: Path, app: str | None, wanted: list[str], models_from: Path | None
) -> list[dict[str, Any]]:
    from launcher import catalog, lesson
    from launcher.events import Cancel, ignore
    from launcher.models.fetch import ensure_model
    from launcher.models.library import Library

    context = lesson.open_context(os.environ)
    library = Library(models_from or context.models_dir)
    known = {model.id: model for model in catalog.load_catalog().models}
    if not wanted:
        if app is None:
            raise BuildError("--app or --model is needed")
        recipe = catalog.load_recipe(app)
        fit = [
            model
            for model in known.values()
            if model.file and model.role == recipe.needs.model_role and library.find(model.file)
        ]
        # The practice model goes along with whatever else there is: the first try needs no more.
        wanted = [model.id for model in fit]
        if not wanted:
            raise BuildError("the library has no model for this app; name it with --model")
    chosen = []
    kit = Library(folder)
    for id_ in wanted:
        model = known.get(id_)
        if model is None or model.file is None:
            raise BuildError(f"the catalog has no model {id_} to give away")
        source = library.find(model.file)
        path = ensure_model(
            model,
            kit,
            hf_endpoint=context.settings.hf_endpoint,
            offline=source is not None,
            from_place=str(source) if source else None,
            environ=os.environ,
            report=ignore,
            cancel=Cancel(),
        )
        chosen.append(
            {
                "id": model.id,
                "name": model.name,
                "file": path.name,
                "size_bytes": model.file.size_bytes,
                "sha256": model.file.sha256,
                "licence": model.licence.name,
            }
        )
    # A stick is carried to other people: no index with times of this computer, no lock files.
    for left in [*folder.glob(".*"), *folder.glob("index.json*")]:
        left.unlink()
    document = {"version": 1, "app": app, "models": chosen}
    (folder / "kit.json").write_text(
        json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return chosen


def as_page(markdown: str, page: str) -> str:
    """A guide as a page that any computer opens, dressed as ``page``; links to what is not on the
    stick become plain text."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark").enable("table")
    tokens = reader.parse(markdown)
    on_stick = {Path(guide).stem for guide in GUIDES}
    for token in [child for block in tokens for child in block.children or ()]:
        if token.type == "link_open":
            target = str(token.attrs.pop("href")).partition("#")[0]
            if Path(target).stem in on_stick:
                token.attrs["href"] = f"{Path(target).stem}.html"
            elif "://" in target:
                token.attrs["href"] = target
    head = page.partition("<body>")[0].replace('lang="nl"', "")
    body = reader.renderer.render(tokens, reader.options, {})
    return f"{head}<body>\n{body}</body>\n</html>\n"


def _write_sums(stick: Path) -> None:
    files = sorted(
        path for path in stick.rglob("*") if path.is_file() and path.name != "SHA256SUMS"
    )
    lines = [f"{sha256_of(path)}  {path.relative_to(stick).as_posix()}" for path in files]
    (stick / "SHA256SUMS").write_text("\n".join(lines) + "\n", encoding="utf-8")
