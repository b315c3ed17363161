"""The curated models and the apps: ``catalog.json`` and the recipes, read and checked."""

from launcher.catalog.linter import Finding, check_recipe
from launcher.catalog.loader import load_catalog, load_recipe, load_recipes
from launcher.catalog.nearest import nearest_of
from launcher.catalog.schema import Catalog, CatalogModel, Recipe

__all__ = [
    "Catalog",
    "CatalogModel",
    "Finding",
    "Recipe",
    "check_recipe",
    "load_catalog",
    "load_recipe",
    "load_recipes",
    "nearest_of",
]
