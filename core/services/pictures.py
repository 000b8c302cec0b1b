"""Small pictures of cases, or a few words where there is no picture."""

from dataclasses import dataclass, field

from core.contracts import Case, WorkspaceSpec
from core.media.images import thumbnail
from core.services.casebook import Casebook
from core.services.excerpts import excerpt
from core.services.runtime import Cache

PIXELS = 96


@dataclass(frozen=True, slots=True)
class Pictures:
    """Draws cases small; pictures are kept by content."""

    casebook: Casebook
    drawn: Cache[str, bytes] = field(default_factory=lambda: Cache(512))

    def picture(self, case: Case, spec: WorkspaceSpec) -> bytes | None:
        """Return a PNG of the case's first picture, or None when it has none."""
        held = {value.field: value.blob for value in case.fields if value.blob is not None}
        blob, name = next(((held[f.name], f.name) for f in spec.fields if f.name in held), (None, ""))
        if blob is None:
            return None
        return self.drawn.get(blob, lambda: thumbnail(self.casebook.pixels(case, name).pixels, PIXELS))

    def words(self, case: Case, spec: WorkspaceSpec) -> str:
        """Return a few words of a case: how its text begins, its first fields; empty for a picture alone."""
        return excerpt(case, (), spec)
