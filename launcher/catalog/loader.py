"""Read ``catalog.json`` and the recipes, or say plainly which file is not usable."""

from pathlib import Path

from pydantic import ValidationError

from launcher.catalog.linter import check_recipe, read_recipe
from launcher.catalog.nearest import unknown_app
from launcher.catalog.schema import Catalog, Recipe
from launcher.errors import PaadjeError
from launcher.resources import catalog_file, recipes_dir


def load_catalog(file: Path | None = None) -> Catalog:
    """The catalog in ``file``, by default the one that came with Paadje.

    Raises `PaadjeError` ``catalog.unreadable``.
    """
    file = file or catalog_file()
    try:
        return Catalog.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        raise PaadjeError("catalog.unreadable", file=str(file), detail=str(error)) from error


def load_recipe(app_id: str, folder: Path | None = None) -> Recipe:
    """The recipe of one app.

    Raises `UsageError` ``catalog.unknown_app`` or ``catalog.no_such_app``, and `PaadjeError`
    ``catalog.recipe_invalid`` with all findings in its detail.
    """
    folder = folder or recipes_dir()
    known = _recipe_ids(folder)
    if app_id not in known:
        raise unknown_app(app_id, known)
    return _load(folder / f"{app_id}.toml")


def load_recipes(folder: Path | None = None) -> tuple[Recipe, ...]:
    """All recipes in ``folder``: first those of the catalog, in its order, then the others."""
    folder = folder or recipes_dir()
    order = {app: place for place, app in enumerate(load_catalog().apps)}
    ids = sorted(_recipe_ids(folder), key=lambda id_: (order.get(id_, len(order)), id_))
    return tuple(_load(folder / f"{id_}.toml") for id_ in ids)


def _recipe_ids(folder: Path) -> list[str]:
    return [file.stem for file in folder.glob("*.toml")]


def _load(file: Path) -> Recipe:
    findings = check_recipe(file)
    if findings:
        detail = "\n".join(f"{file.name}:{finding}" for finding in findings)
        raise PaadjeError("catalog.recipe_invalid", file=file.name, detail=detail)
    return read_recipe(file)
