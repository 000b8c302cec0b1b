"""Image files of an export: original bytes under names that every file system takes."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from core.media.opening import ImageHeader, read_header

FOLDER = "images"
SUFFIXES = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "BMP": "bmp", "TIFF": "tif", "WEBP": "webp"}
LONGEST_STEM = 80
HASH = 8
"""Characters of the hash that tells alike names apart."""


@dataclass(slots=True)
class Pictures:
    """Writes images; no two share a name, not even where case does not count."""

    folder: Path
    used: set[str] = field(default_factory=set)

    def write(self, name: str, data: bytes) -> tuple[str, ImageHeader]:
        """Write the image `name` (a case, and its field where there are several); return its path and header.

        Raises
        ------
        BadInput
            When it is no image.
        """
        header = read_header(data, name)
        path = f"{FOLDER}/{self._stem(name)}.{SUFFIXES[header.format]}"
        (self.folder / FOLDER).mkdir(exist_ok=True)
        (self.folder / path).write_bytes(data)
        return path, header

    def _stem(self, name: str) -> str:
        """Return the name where it is plain and new, else a plain one with a hash of the name."""
        stem = re.sub(r"[^A-Za-z0-9._-]+", "_", name)[:LONGEST_STEM].strip(".") or "_"
        if stem != name or stem.lower() in self.used:
            stem = f"{stem}-{hashlib.sha256(name.encode()).hexdigest()[:HASH]}"
        self.used.add(stem.lower())
        return stem
