"""Models that other programs have on this computer: Hugging Face, LM Studio and Ollama.

Their folders are read, never changed. A model of the catalog is taken over by hard link, which
costs no room, or as a copy; its sha256 decides.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from launcher.catalog.schema import HuggingFaceSource, ModelFile

Program = Literal["Hugging Face", "LM Studio", "Ollama"]
MAX_FILES = 5_000
MAX_MANIFEST_BYTES = 1_000_000
_OLLAMA_MODEL = "application/vnd.ollama.image.model"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One GGUF file of another program; ``name`` is what that program calls it."""

    program: Program
    name: str
    path: Path
    size_bytes: int


def find_elsewhere(file: ModelFile, environ: Mapping[str, str]) -> Found | None:
    """A file of the right size where another program would keep exactly this model.

    Cheap: a few looks, no search. Whether the bytes are right is for the sha256.
    """
    for program, path in _likely(file, environ):
        if _size(path) == file.size_bytes:
            return Found(program=program, name=path.name, path=path, size_bytes=file.size_bytes)
    return None


def list_elsewhere(environ: Mapping[str, str]) -> tuple[Found, ...]:
    """Every GGUF file that these programs have, each file once."""
    found: dict[Path, Found] = {}
    for program, name, path in _all(environ):
        size = _size(path)
        real = path.resolve()
        if size and real not in found:
            found[real] = Found(program=program, name=name, path=path, size_bytes=size)
        if len(found) >= MAX_FILES:
            break
    return tuple(found.values())


def _likely(file: ModelFile, environ: Mapping[str, str]) -> Iterator[tuple[Program, Path]]:
    sources = [source for source in file.sources if isinstance(source, HuggingFaceSource)]
    for folder in _ollama_folders(environ):
        yield "Ollama", folder / "blobs" / f"sha256-{file.sha256}"
    for source in sources:
        for folder in _hub_folders(environ):
            repo = folder / f"models--{source.repo.replace('/', '--')}"
            # The name of a large file in the cache is its sha256.
            yield "Hugging Face", repo / "blobs" / file.sha256
            for commit in _inside(repo / "snapshots"):
                yield "Hugging Face", commit / source.file
        for folder in _lm_studio_folders(environ):
            yield "LM Studio", folder / source.repo / Path(source.file).name


def _all(environ: Mapping[str, str]) -> Iterator[tuple[Program, str, Path]]:
    for folder in _hub_folders(environ):
        for path in _ggufs(folder, "models--*/snapshots/**/*.gguf"):
            yield "Hugging Face", path.name, path
    for folder in _lm_studio_folders(environ):
        for path in _ggufs(folder, "**/*.gguf"):
            yield "LM Studio", path.name, path
    for folder in _ollama_folders(environ):
        manifests = folder / "manifests"
        for path in _ggufs(manifests, "**/*"):
            digest = _model_digest(path)
            if digest is not None:
                name = ":".join(path.relative_to(manifests).parts[-2:])
                yield "Ollama", name, folder / "blobs" / f"sha256-{digest}"


def _model_digest(manifest: Path) -> str | None:
    """The sha256 of the model in an Ollama manifest, which is a file that others can write."""
    try:
        if manifest.stat().st_size > MAX_MANIFEST_BYTES:
            return None
        data: Any = json.loads(manifest.read_text(encoding="utf-8"))
        layers = data["layers"]
        digest = next(
            layer["digest"] for layer in layers if layer.get("mediaType") == _OLLAMA_MODEL
        )
        match = _DIGEST.fullmatch(digest)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration):
        return None
    return match[1] if match else None


def _hub_folders(environ: Mapping[str, str]) -> list[Path]:
    if environ.get("HF_HUB_CACHE"):
        return [Path(environ["HF_HUB_CACHE"])]
    if environ.get("HF_HOME"):
        return [Path(environ["HF_HOME"]) / "hub"]
    if environ.get("XDG_CACHE_HOME"):
        return [Path(environ["XDG_CACHE_HOME"]) / "huggingface" / "hub"]
    return [home / ".cache" / "huggingface" / "hub" for home in _home(environ)]


def _lm_studio_folders(environ: Mapping[str, str]) -> list[Path]:
    return [
        home / below
        for home in _home(environ)
        for below in (Path(".lmstudio", "models"), Path(".cache", "lm-studio", "models"))
    ]


def _ollama_folders(environ: Mapping[str, str]) -> list[Path]:
    if environ.get("OLLAMA_MODELS"):
        return [Path(environ["OLLAMA_MODELS"])]
    # On Linux, Ollama is a service with a home of its own.
    service = Path("/usr/share/ollama/.ollama/models")
    return [*(home / ".ollama" / "models" for home in _home(environ)), service]


def _home(environ: Mapping[str, str]) -> list[Path]:
    home = environ.get("USERPROFILE" if os.name == "nt" else "HOME")
    return [Path(home)] if home else []


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _ggufs(folder: Path, pattern: str) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.glob(pattern) if path.is_file())
    except OSError:
        return


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() else None
    except OSError:
        return None
