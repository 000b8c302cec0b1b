"""Marks of several readers on one case: joined, and trusted as far as they overlap."""

import numpy as np
import pytest

from core.contracts import Actor
from core.media.masks import encode_mask
from core.storage import regions
from tests.helpers.tiny_folder import SIZE
from tests.helpers.tiny_product import WORKSPACE, corner_mark, names_of, verdict

pytestmark = pytest.mark.slow

OTHER = Actor("rosa", "person", "Rosa")


def _square(start: int) -> bytes:
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[:3, start : start + 3] = True
    return encode_mask(mask)


def test_readers_marks_are_joined_and_weigh_by_their_overlap(product):
    """Squares of three columns: alone, moved by one (6 of 12 pixels shared), and moved by two (3 of 15)."""
    names = names_of(product, "pool")[:3]
    for name in names:
        verdict(product, name, marks=(corner_mark(mask=_square(0)),))
    for name, start in ((names[1], 1), (names[2], 2)):
        verdict(product, name, marks=(corner_mark(mask=_square(start)),), actor=OTHER)
    catalogue = product.retraining.catalogue
    with product.runtime.database.read() as tx:
        workspace, spec = catalogue.workspace(tx, WORKSPACE)
        cases = {case.id: case for case in catalogue.cases(tx, workspace)}
        references = catalogue.references(tx, workspace)
        marks = regions.standing(tx, workspace.id)
    found = product.retraining.gating.casebook.marked(cases, marks, spec, references)
    weights = {cases[i].name: float(w) for i, w in zip(found.examples.case_ids, found.weights, strict=True)}
    sizes = {cases[i].name: int(m.sum()) for i, m in zip(found.examples.case_ids, found.ignore["image"], strict=True)}
    assert weights == {names[0]: 1.0, names[1]: 1.0, names[2]: pytest.approx(0.2)}
    assert sizes == {names[0]: 9, names[1]: 12, names[2]: 15}
