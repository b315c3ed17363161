"""The data files that travel with the program: recipes and the catalog of models.

In a checkout they stand at the top level; in an installed wheel, beside the code.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_root() -> Path:
    """The folder that holds ``recipes/`` and ``catalog.json``."""
    installed = _PACKAGE / "_data"
    return installed if installed.is_dir() else _PACKAGE.parent


def recipes_dir() -> Path:
    return data_root() / "recipes"


def catalog_file() -> Path:
    return data_root() / "catalog.json"
