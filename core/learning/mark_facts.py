"""What is measured of the marks of one image field before they train: size, what differs, likeness, place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.learning.mark_content import differing, likeness, place_oddness, windows_of
from core.learning.marks import MarkedExamples
from core.models.examples import Examples

TOO_LARGE = 2.5
"""How many times as large as what differs a mark may be before a person is asked to paint it smaller."""
LOOSE = 1.5
"""The same, from which on training keeps to what differs: it costs nothing."""
NOTHING = 0.02
"""Share of a mark that must differ from other cases; below it, nothing is there."""
MOST = 0.4
"""Share of an artefact's marks with nothing there, from which on other cases can't tell: most of them may carry it."""
FEWEST = 4
"""Marks of an artefact that can tell whether one of them is unlike the others."""
CONSISTENT = 0.5
"""Likeness of the typical mark, from which on an artefact looks alike in all cases."""
UNLIKE, QUITE_UNLIKE = 0.8, 0.55
"""Share of the typical likeness below which a mark is unlike the others where its place is odd too; and anywhere."""
FAR = 3.0
"""Robust standard deviations from which on a place, or a likeness, is odd."""


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Marks of one image field; every tensor has one entry per row, 0 or false where a row has no mark there."""

    field: str
    has: Tensor
    """Rows with a mark on this field, bool."""
    differs: Tensor
    """Marked pixels that differ from other cases, bool [rows, 1, S, S]."""
    factor: Tensor
    """Marked area over the area that differs; inf where nothing differs."""
    nothing: Tensor
    """Nothing is there, though other marks of the artefact have something, bool."""
    everywhere: Tensor
    """Rows of an artefact whose content is what most other cases show, bool: there, nothing more can be told."""
    alike: Tensor
    """Likeness to the other marks of the artefact, 0 to 1; nan where it is the only one."""
    unlike: Tensor
    """Content and place are unlike the others', bool."""

    @property
    def oversized(self) -> Tensor:
        """Rows whose mark is far larger than what differs in it, bool."""
        return self._larger(TOO_LARGE)

    @property
    def loose(self) -> Tensor:
        """Rows whose mark is larger than what differs in it, bool."""
        return self._larger(LOOSE)

    def _larger(self, factor: float) -> Tensor:
        return self.has & ~(self.everywhere | self.nothing | self.unlike) & (self.factor >= factor)


def image_facts(marked: MarkedExamples, train: Examples) -> tuple[ImageFacts, ...]:
    """Measure the *ignore* marks of every image field."""
    fields = [name for name, kind in marked.kinds.items() if kind == "image"]
    return tuple(_facts(marked, train, field) for field in fields) if len(marked) and len(train) else ()


def _facts(marked: MarkedExamples, train: Examples, field: str) -> ImageFacts:
    masks = marked.ignore[field]
    area = masks.flatten(1).sum(dim=1).float()
    differs = differing(marked, train, field)
    held = differs.flatten(1).sum(dim=1).float()
    has = area > 0
    empty = has & (held / area.clamp(min=1) < NOTHING)
    facts = ImageFacts(
        field,
        has,
        differs,
        torch.where(has, area / held, torch.zeros_like(area)),
        nothing=torch.zeros_like(has),
        everywhere=torch.zeros_like(has),
        alike=torch.full((len(marked),), float("nan")),
        unlike=torch.zeros_like(has),
    )
    for rows in _by_artefact(marked, has):
        _compare(marked, facts, rows, empty)
    return facts


def _by_artefact(marked: MarkedExamples, has: Tensor) -> list[list[int]]:
    names = dict.fromkeys(name for name in marked.artefacts if name is not None)
    rows = [[i for i, own in enumerate(marked.artefacts) if own == name and bool(has[i])] for name in names]
    return [found for found in rows if found]


def _compare(marked: MarkedExamples, facts: ImageFacts, rows: Sequence[int], empty: Tensor) -> None:
    """Compare the marks of one artefact with each other."""
    index = torch.tensor(rows)
    if float(empty[index].float().mean()) >= MOST:
        facts.everywhere[index] = True
        return
    facts.nothing[index] = empty[index]
    masks, images = marked.ignore[facts.field][index], marked.examples.inputs[facts.field][index]
    ways = (masks, _meant(masks, facts.differs[index]))
    alike = torch.maximum(*(likeness(windows_of(images, way)) for way in ways))
    facts.alike[index] = alike
    held = alike[~empty[index]]
    typical = float(held.median())
    if len(rows) < FEWEST or typical < CONSISTENT:
        return
    spread = 1.4826 * float((held - typical).abs().median())
    odd = place_oddness(masks) > FAR
    low = alike < min(UNLIKE * typical, typical - spread)
    quite_low = alike < min(QUITE_UNLIKE * typical, typical - FAR * spread)
    facts.unlike[index] = ~empty[index] & (low & odd | quite_low)


def _meant(masks: Tensor, differs: Tensor) -> Tensor:
    """Return what marks [rows, 1, S, S] are compared by: of a loose one, what differs, where that is of usual size."""
    area, held = (mask.flatten(1).sum(dim=1).float() for mask in (masks, differs))
    usual = held[held > 0].median() if bool((held > 0).any()) else held.new_ones(())
    loose = (area >= LOOSE * held) & (held >= usual / 2) & (held <= usual * 2) & (held > 0)
    return torch.where(loose.view(-1, 1, 1, 1), differs, masks)
