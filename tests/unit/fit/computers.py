"""Computers and models that the tests of `fit` share."""

import json
from pathlib import Path
from typing import Any

from launcher import catalog, fit, hardware
from launcher.hardware.profile import MachineProfile

MACHINES = Path(__file__).parent / "machines"
NAMES = sorted(file.stem for file in MACHINES.glob("*.json"))
CATALOG = catalog.load_catalog()

E2B, E4B = "gemma-4-e2b-it-qat-q4_0", "gemma-4-e4b-it-qat-q4_0"
A4B, A31B = "gemma-4-26b-a4b-it-qat-q4_0", "gemma-4-31b-it-qat-q4_0"
SEED_8B, SEED_70B = "llama-3.1-8b-instruct-q4_k_m", "llama-3.1-70b-instruct-q4_k_m"
PRACTICE = "smollm2-135m-instruct-q4_1"


def machine(name: str) -> MachineProfile:
    return hardware.profile_from_dict(json.loads((MACHINES / f"{name}.json").read_text()))


def fit_here(model: str, name: str | MachineProfile, **changes: Any) -> fit.Fit:
    wishes = {"students": 28, "context_tokens": 4096, "language": "nl"} | changes
    where = machine(name) if isinstance(name, str) else name
    return fit.fit_model(CATALOG.model(model), where, **wishes)


def rank_here(where: MachineProfile, **changes: Any) -> tuple[fit.Fit, ...]:
    wishes: dict[str, Any] = {
        "students": 28,
        "context_tokens": 4096,
        "languages": ("nl", "en"),
        "available": lambda _: True,
    }
    return fit.rank(changes.pop("models", CATALOG.models), where, **(wishes | changes))


def codes(result: fit.Fit) -> set[str]:
    return {reason.code for reason in result.reasons}
