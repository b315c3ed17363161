"""Files that students hand in become plain text, read by a confined process of our own.

A file is hostile until read: its name, its kind and its contents. The process that parses it has no
network, writes no file, starts no program, and ends at a limit of time and memory.
"""

from launcher.apps.uploads.reading import read_upload, read_upload_async
from launcher.apps.uploads.values import (
    ACCEPTED_EXTENSIONS,
    MAX_UPLOAD_BYTES,
    LeftOut,
    UploadedText,
    left_out_sentences,
)

__all__ = [
    "ACCEPTED_EXTENSIONS",
    "MAX_UPLOAD_BYTES",
    "LeftOut",
    "UploadedText",
    "left_out_sentences",
    "read_upload",
    "read_upload_async",
]
