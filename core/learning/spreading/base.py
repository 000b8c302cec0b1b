"""What a search for an artefact gets, and what it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from core.contracts import FieldSpec, Progress, ProgressReporter

LEAST_PROBABILITY = 0.05
"""What is less probable is not proposed at all."""
MOST_PROBABLE = 0.99
"""Of a find that no figure speaks against: people may still mean another thing."""
SURE = 0.9
"""What is at least so probable may be accepted together."""


@dataclass(frozen=True, slots=True)
class Search:
    """One field: the marks of one artefact on it, and the cases where the artefact may stand too."""

    field: FieldSpec
    marked: Tensor
    """Prepared inputs of the marked cases [marks, ...]."""
    masks: Tensor
    """bool, what was marked on them: image [marks, 1, S, S], number and category [marks, 1], text [marks, tokens]."""
    cases: Tensor
    """Prepared inputs of the cases to search [cases, ...]; no marked one is among them."""
    device: torch.device
    seed: int = 0
    marked_texts: Sequence[str | None] = ()
    """The texts themselves where there are any: near spellings can be told from them alone."""
    texts: Sequence[str | None] = ()
    reporter: ProgressReporter | None = None

    def report(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Say how far it is; where somebody asked to stop, the reporter raises."""
        if self.reporter is not None:
            self.reporter.report(Progress(stage, done, total))


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A case that probably carries the artefact too, and where."""

    row: int
    """Of the cases that were searched."""
    field: str
    mask: Tensor
    """bool, as a mark on the field's prepared input: image [1, S, S], number and category [1], text [tokens]."""
    probability: float
    """That it is right; 0 to 1."""


class Spreader(Protocol):
    """Finds an artefact in one kind of field."""

    def find(self, search: Search) -> tuple[Found, ...]:
        """Return at most one find per case, surest first."""
