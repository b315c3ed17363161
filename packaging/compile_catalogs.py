"""Build hook: compile the gettext catalogs into the wheel."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogs(BuildHookInterface):
    """Write a .mo file beside every .po file before the wheel is packed."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        # Babel writes the time of compiling into each file, unless it is told another one.
        when = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), UTC)
        for source in sorted(Path(self.root, "launcher/i18n/locales").rglob("*.po")):
            with source.open("rb") as file:
                catalog = read_po(file)
            catalog.creation_date = catalog.revision_date = when
            with source.with_suffix(".mo").open("wb") as file:
                write_mo(file, catalog)
