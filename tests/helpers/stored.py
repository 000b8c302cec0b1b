"""A served home looked at from outside: read only, to play a person who knows the truth and to check what was kept."""

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.sources.decoy_digits import SIDE, patch_box

NEWEST_MARKS = """
SELECT cases.name, regions.kind, artefacts.name, regions.mask
FROM regions JOIN verdicts ON verdicts.id = regions.verdict_id JOIN cases ON cases.id = verdicts.case_id
JOIN workspaces ON workspaces.id = cases.workspace_id LEFT JOIN artefacts ON artefacts.id = regions.artefact_id
WHERE workspaces.name = ? AND cases.name = ? AND verdicts.id = (
    SELECT MAX(id) FROM verdicts AS others WHERE others.case_id = cases.id AND others.target = verdicts.target)
"""


@dataclass(frozen=True, slots=True)
class StoredMark:
    """A mark as the database and the blobs keep it; `pixels` are true where marked."""

    kind: str
    artefact: str | None
    pixels: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Stored:
    """One workspace of a home."""

    home: Path
    workspace: str

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Return what a read-only query finds."""
        with self._connection() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        address = f"file:{self.home / 'tandem.db'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as connection:
            yield connection

    def truth(self, case: str) -> str:
        """Return the data set's label of a case: what a careful person reads off its picture."""
        query = """
            SELECT label FROM reference_labels JOIN cases ON cases.id = reference_labels.case_id
            JOIN workspaces ON workspaces.id = cases.workspace_id
            WHERE workspaces.name = ? AND cases.name = ? AND reference_labels.source = 'data set'
            ORDER BY reference_labels.revision LIMIT 1
        """
        ((label,),) = self.rows(query, self.workspace, case)
        return str(label)

    def unread(self) -> str:
        """Return a waiting case that nobody has read yet, from the far end of the list."""
        query = """
            SELECT cases.name FROM cases JOIN workspaces ON workspaces.id = cases.workspace_id
            WHERE workspaces.name = ? AND split = 'pool' AND cases.id NOT IN (SELECT case_id FROM reads)
            ORDER BY cases.name DESC LIMIT 1
        """
        ((name,),) = self.rows(query, self.workspace)
        return str(name)

    def patch(self, case: str) -> tuple[int, int, int]:
        """Return (top, left, side) of a digit's corner patch."""
        query = """
            SELECT attribute, value FROM case_attributes JOIN cases ON cases.id = case_attributes.case_id
            JOIN workspaces ON workspaces.id = cases.workspace_id WHERE workspaces.name = ? AND cases.name = ?
        """
        found = patch_box(dict(self.rows(query, self.workspace, case)))
        if found is None:
            raise LookupError(f"{case} has no patch")
        return found

    def patch_pixels(self, case: str) -> NDArray[np.bool_]:
        """Return the patch as a mask [28, 28]."""
        top, left, side = self.patch(case)
        pixels = np.zeros((SIDE, SIDE), dtype=bool)
        pixels[top : top + side, left : left + side] = True
        return pixels

    def marks(self, case: str) -> list[StoredMark]:
        """Return the marks of the newest verdict on a case."""
        return [
            StoredMark(kind, artefact, self._pixels(mask))
            for _, kind, artefact, mask in self.rows(NEWEST_MARKS, self.workspace, case)
        ]

    def _pixels(self, blob: str) -> NDArray[np.bool_]:
        content = (self.home / "blobs" / blob[:2] / blob[2:]).read_bytes()
        return np.asarray(Image.open(io.BytesIO(content)).convert("L")) > 0
