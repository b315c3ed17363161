"""Licences that ask for a yes: given once for each licence, and remembered with its date."""

import time
from pathlib import Path

from launcher.catalog.schema import Licence
from launcher.files import read_json_object, write_private_json

FILE = "licences.json"


def is_accepted(folder: Path, licence: Licence) -> bool:
    """Whether this licence needs no yes, or has had it. ``folder`` is Paadje's data folder."""
    return not licence.needs_acceptance or _key(licence) in _read(folder)


def accept(folder: Path, licence: Licence, *, model: str) -> None:
    """Remember the user's own yes to this licence, and for which model it was asked."""
    accepted = _read(folder)
    if _key(licence) not in accepted:
        accepted[_key(licence)] = {
            "accepted_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "for_model": model,
        }
        write_private_json(folder / FILE, {"version": 1, "accepted": accepted})


def _key(licence: Licence) -> str:
    """A licence with another page is another licence: terms change."""
    return f"{licence.name} <{licence.url or ''}>"


def _read(folder: Path) -> dict[str, object]:
    accepted = (read_json_object(folder / FILE) or {}).get("accepted")
    return accepted if isinstance(accepted, dict) else {}
