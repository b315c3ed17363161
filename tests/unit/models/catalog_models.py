"""Entries of a catalog around a file."""

from launcher.catalog.schema import CatalogModel, Licence, Localized, ModelFile


def model_of(file: ModelFile | None) -> CatalogModel:
    return CatalogModel(
        id="klein",
        name="Klein",
        publisher="maker",
        role="chat",
        status="offer" if file else "withheld",
        file=file,
        licence=Licence(name="Apache-2.0"),
        languages="nl",
        reason=None if file else Localized(nl="Ingetrokken.", en="Withdrawn."),
    )
