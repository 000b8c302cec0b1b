"""Questions for evidence about the mixed workspace."""

import numpy as np

from core.contracts import Case, EvidenceForm
from core.models.registry import LoadedModel
from core.services.container import Container
from core.services.evidence.asking import Wishes, asked
from core.services.evidence.keeping import Asked
from core.storage import cases

MIXED, CASE, TONE = "mixed", "m003", "tone"
READ = (CASE, "m004", "m005", "m006", "m014", "m021", "m028")
"""Cases that the default actor has read; of the last four each lacks a field."""


def read_all(container: Container) -> None:
    """Commit the default actor's reads, so that evidence is due."""
    for name in READ:
        for target, label in (("side", "above"), (TONE, "calm")):
            container.review.commit_read(MIXED, name, target, label, "likely", actor=container.default_actor)


def form(case: str = CASE, method: str | None = None, target: str = TONE, **wishes: object) -> EvidenceForm:
    """A question about a case of the mixed workspace."""
    return EvidenceForm(MIXED, case, target, method, **wishes)


def stored(container: Container, name: str = CASE, workspace: str = MIXED) -> tuple[LoadedModel, Case]:
    """The champion and a stored case."""
    catalogue = container.retraining.catalogue
    with container.runtime.database.read() as tx:
        found, _ = catalogue.workspace(tx, workspace)
        case = cases.get(tx, found.id, name)
    return catalogue.model(found), case


def question(container: Container, name: str = CASE, target: str = TONE, **wishes: object) -> Asked:
    """A checked question about a case of the mixed workspace."""
    model, case = stored(container, name)
    return asked(container.review.explaining, model, case, target, Wishes(**wishes))


def square(height: int, width: int, side: int) -> np.ndarray:
    """A mask with a square in its upper left corner."""
    mask = np.zeros((height, width), dtype=bool)
    mask[:side, :side] = True
    return mask
