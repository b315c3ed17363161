"""The recipe's JSON Schema, for editors that check and complete while you type."""

import json

from launcher.catalog.schema import Recipe


def recipe_schema_text() -> str:
    """The contents of ``recipes/recipe.schema.json``."""
    schema = Recipe.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Paadje recipe"
    return json.dumps(schema, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
