"""Licences that ask for a yes: given once for each licence, and remembered with its date."""

import time
from collections.abc import Mapping
from pathlib import Path

from launcher.catalog.schema import CatalogModel, HuggingFaceSource, Licence
from launcher.files import read_json_object, write_private_json

FILE = "licences.json"
TEXT_FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md")
"""What makers call the text beside their model."""
MOST_TEXT_BYTES = 256 * 1024
TIMEOUT_S = 10.0


def is_accepted(folder: Path, licence: Licence) -> bool:
    """Whether this licence needs no yes, or has had it. ``folder`` is Paadje's data folder."""
    return not licence.needs_acceptance or _key(licence) in _read(folder)


def accepted_at(folder: Path, licence: Licence) -> str | None:
    """When the user said yes, as ISO 8601 in UTC."""
    record = _read(folder).get(_key(licence))
    return str(record.get("accepted_at", "?")) if isinstance(record, dict) else None


def fetch_text(model: CatalogModel, *, endpoint: str, environ: Mapping[str, str]) -> str | None:
    """The text that the maker put beside the model on the Hub; None where there is none, or no
    Hub. It is not kept: terms change, and what is accepted is the maker's own."""
    import requests

    from launcher.downloads.http import new_session
    from launcher.models.sources.huggingface import file_url, request_headers

    sources = model.file.sources if model.file else ()
    for source in (one for one in sources if isinstance(one, HuggingFaceSource)):
        for name in TEXT_FILES:
            beside = source.model_copy(update={"file": name})
            url = file_url(beside, endpoint, source.revision)
            headers = request_headers(endpoint, environ)
            try:
                with (
                    new_session(url) as session,
                    session.get(url, headers=headers, timeout=TIMEOUT_S, stream=True) as answer,
                ):
                    if answer.status_code == 200 and "html" not in answer.headers.get(
                        "Content-Type", ""
                    ):
                        return _text(answer.raw.read(MOST_TEXT_BYTES, decode_content=True))
            except (requests.RequestException, OSError):
                return None
    return None


def _text(data: bytes) -> str | None:
    """As text that cannot steer a terminal; None for anything else than text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    kept = ("".join(char for char in line if char.isprintable()) for line in text.splitlines())
    return "\n".join(kept).strip() or None


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
