"""Graphics cards as Linux lists them, driver or not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NVIDIA, AMD, INTEL = "0x10de", "0x1002", "0x8086"


@dataclass(frozen=True, slots=True, kw_only=True)
class PciCard:
    """One display controller. ``folder`` is its sysfs folder, ``address`` its place on the bus."""

    folder: Path
    address: str
    device_id: str
    driver: str | None


def cards(vendor: str, root: Path = Path("/")) -> Iterator[PciCard]:
    """The display controllers (PCI class 03) of one vendor."""
    for folder in sorted((root / "sys/bus/pci/devices").glob("*")):
        if read(folder / "vendor") == vendor and (read(folder / "class") or "").startswith("0x03"):
            link = folder / "driver"
            yield PciCard(
                folder=folder,
                address=folder.name,
                device_id=read(folder / "device") or "",
                driver=link.resolve().name if link.exists() else None,
            )


def read(file: Path) -> str | None:
    """A one-line system file; None when it is not there or not for us."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None


def read_int(file: Path) -> int | None:
    text = read(file)
    return int(text) if text and text.isdigit() else None
