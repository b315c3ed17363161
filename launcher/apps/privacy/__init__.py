"""What in a text may tell who somebody is: found, shown to the writer, masked when confirmed.

Offline and small: patterns with checksums, lists of words, and learned weights for what stands
around a name. It misses things; a text that went through it is not anonymous.
"""

from launcher.apps.privacy.find import find_leaks, find_private
from launcher.apps.privacy.masking import mask, spread
from launcher.apps.privacy.types import KINDS, Finding, Kind, Lang, Masked

__all__ = [
    "KINDS",
    "Finding",
    "Kind",
    "Lang",
    "Masked",
    "find_leaks",
    "find_private",
    "mask",
    "spread",
]
