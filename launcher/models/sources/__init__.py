"""Where the bytes of a model come from. Every source gives the same bytes, or fails by its code."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.catalog.schema import ModelFile
from launcher.downloads.transfer import PACE, PATIENCE, Pace, Patience, Resolve, fetch
from launcher.events import Cancel, Report

FETCH_STEP = "models.fetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One file to fetch: which bytes, where to, and who is told."""

    file: ModelFile
    target: Path
    environ: Mapping[str, str]
    report: Report
    cancel: Cancel
    patience: Patience = PATIENCE
    pace: Pace = PACE

    def fetch(self, source: str | Resolve) -> None:
        """Over HTTP, verified, to where it belongs. Raises as :func:`transfer.fetch` does."""
        fetch(
            source,
            target=self.target,
            size_bytes=self.file.size_bytes,
            sha256=self.file.sha256,
            report=self.report,
            cancel=self.cancel,
            step=FETCH_STEP,
            patience=self.patience,
            pace=self.pace,
        )
