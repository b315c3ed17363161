"""A GGUF file that the user added, as a model that can be planned: it is known by its file name.

Nobody has tried it for a school. It is never chosen by itself, only when it is asked for by name.
"""

import re

from launcher.catalog.nearest import unknown_model
from launcher.catalog.schema import Catalog, CatalogModel, Licence, ModelFile, ModelRole
from launcher.models.gguf import GgufHeader, read_header
from launcher.models.library import Library, LibraryEntry

_NO_CHAT = re.compile(r"bert|embedding|^(?:clip|t5|whisper|wavtokenizer)")
"""Architectures that hold no conversation."""


def find_model(models: Catalog, library: Library, wanted: str) -> CatalogModel:
    """The model with this id, or with this file name as the library shows it.

    Raises `UsageError` ``catalog.unknown_model`` or ``catalog.no_such_model``, and
    ``models.not_gguf``, ``models.gguf_broken`` or ``models.unreadable`` for a file that is no
    model any more.
    """
    for model in models.models:
        if model.id == wanted or (model.file is not None and model.file.name == wanted):
            return model
    entries = [entry for entry in library.entries() if entry.present]
    for entry in entries:
        if entry.name == wanted:
            known = (m for m in models.models if m.file and m.file.sha256 == entry.sha256)
            return next(known, None) or _own_model(entry)
    names = [*(model.id for model in models.models), *(entry.name for entry in entries)]
    raise unknown_model(wanted, names)


def _own_model(entry: LibraryEntry) -> CatalogModel:
    header = read_header(entry.path)
    # Made without the catalog's checks: those are for names that we give.
    file = ModelFile.model_construct(
        name=entry.name, size_bytes=entry.size_bytes, sha256=entry.sha256, sources=()
    )
    return CatalogModel.model_construct(
        id=entry.name,
        name=entry.name.removesuffix(".gguf"),
        publisher="",
        role=_role(header),
        status="own",
        quantization=_quantization(header),
        file=file,
        shape=header.shape,
        licence=Licence(name=_licence(header)),
        languages="",
    )


def _role(header: GgufHeader) -> ModelRole:
    return "embedding" if _NO_CHAT.search(header.architecture) else "chat"


def _quantization(header: GgufHeader) -> str | None:
    from gguf.constants import LlamaFileType

    if header.file_type is None:
        return None
    try:
        return LlamaFileType(header.file_type).name.removeprefix("MOSTLY_")
    except ValueError:
        return None


def _licence(header: GgufHeader) -> str:
    """What the file says of itself; empty where it says nothing."""
    value = header.metadata.get("general.license")
    return value[:80] if isinstance(value, str) and value.isprintable() else ""
