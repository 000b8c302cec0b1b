"""Marks that may teach the wrong thing, named before they train a model; and the part of the marks to trust."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional

from core.contracts import MarkProblem, MarkWarning, WorkspaceSpec
from core.learning.mark_contradictions import WHOLE, contradictions, covered, overlap_of_readers
from core.learning.mark_facts import TOO_LARGE, ImageFacts, image_facts
from core.learning.marks import MarkedExamples
from core.models.examples import Examples

UNLIKE_WEIGHT = 0.1
"""How much a mark that is unlike the others still counts."""


def check_marks(marked: MarkedExamples, train: Examples, spec: WorkspaceSpec) -> tuple[MarkWarning, ...]:
    """Return what a person should look at before these marks train a model, the worst first.

    `train` are the cases that the marks are compared with. The cases of a warning are their numbers as words; see
    `named`.
    """
    facts = image_facts(marked, train)
    shares = _shares(marked)
    found = [
        *contradictions(marked),
        *overlap_of_readers(marked),
        *(warning for one in facts for warning in _by_content(marked, one)),
        *_by_share(marked, shares, spec.reading.mark_warning),
    ]
    return tuple(found)


def named(warnings: Iterable[MarkWarning], names: Mapping[int, str]) -> tuple[MarkWarning, ...]:
    """Return warnings with the names of their cases in place of their numbers."""
    known = {str(number): name for number, name in names.items()}
    return tuple(replace(one, cases=tuple(known.get(case, case) for case in one.cases)) for one in warnings)


def trusted_marks(marked: MarkedExamples, train: Examples) -> MarkedExamples:
    """Return the marks as training should use them: loose ones shrunk, suspicious ones counting less.

    A row that counts for nothing is left out, unless a person also marked where to look in it.
    """
    facts = image_facts(marked, train)
    if not facts:
        return marked
    weights = marked.weights * mark_weights(marked, facts)
    shrunk = replace(tightened(marked, facts), weights=weights)
    looked = torch.stack([mask.flatten(1).any(dim=1) for mask in marked.look.values()]).any(dim=0)
    kept = torch.nonzero((weights > 0) | looked).flatten()
    return shrunk if len(kept) == len(marked) else shrunk.rows(kept.tolist())


def mark_weights(marked: MarkedExamples, facts: Sequence[ImageFacts]) -> Tensor:
    """Return how far each marked row is to be trusted, [rows], 0 to 1.

    0: nothing is there though the artefact's other marks have something; a tenth: content and place are unlike theirs.
    """
    weights = torch.ones(len(marked))
    for one in facts:
        weights[one.unlike] = UNLIKE_WEIGHT
        weights[one.nothing] = 0.0
    return weights


def tightened(marked: MarkedExamples, facts: Sequence[ImageFacts]) -> MarkedExamples:
    """Return the marks, loose ones shrunk to the part whose content differs from what is ordinary there."""
    ignore = dict(marked.ignore)
    for one in facts:
        large = one.loose.view(-1, 1, 1, 1)
        margin = max(1, one.differs.shape[-1] // 112)
        grown = functional.max_pool2d(one.differs.float(), 2 * margin + 1, stride=1, padding=margin) > 0
        ignore[one.field] = torch.where(large, grown & ignore[one.field], ignore[one.field])
    return replace(marked, ignore=ignore)


def _warning(
    marked: MarkedExamples, problem: MarkProblem, artefact: str | None, rows: Sequence[int], value: float,
    limit: float, words: str,
) -> MarkWarning:  # fmt: skip
    cases = tuple(dict.fromkeys(str(marked.examples.case_ids[row]) for row in rows))
    return MarkWarning(problem, artefact, cases, value, limit, words)


def _artefacts(marked: MarkedExamples) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in marked.artefacts if name is not None))


def _rows(marked: MarkedExamples, artefact: str, chosen: Tensor) -> list[int]:
    return [row for row, name in enumerate(marked.artefacts) if name == artefact and bool(chosen[row])]


def _marks(number: int, of: int) -> str:
    return f"{number} of {of} marks" if of > 1 else "the only mark"


def _by_content(marked: MarkedExamples, facts: ImageFacts) -> list[MarkWarning]:
    """Return what the content of the marks of each artefact tells."""
    found = []
    for artefact in _artefacts(marked):
        count = len(_rows(marked, artefact, facts.has))
        for rows, make in (
            (_rows(marked, artefact, facts.nothing | facts.unlike), _misplaced),
            (_rows(marked, artefact, facts.everywhere), _everywhere),
            (_rows(marked, artefact, facts.oversized), _too_large),
        ):
            if rows:
                found.append(make(marked, facts, artefact, rows, count))
    return found


def _misplaced(
    marked: MarkedExamples, facts: ImageFacts, artefact: str, rows: Sequence[int], count: int
) -> MarkWarning:
    index = torch.tensor(rows)
    empty = int(facts.nothing[index].sum())
    what = " and ".join(
        part
        for part, number in (("hold nothing that other cases do not show there", empty),
                             ("look unlike the other marks", len(rows) - empty))
        if number
    )  # fmt: skip
    typical = float(facts.alike[torch.tensor(_rows(marked, artefact, facts.has))].nanmedian())
    value = float(facts.alike[index].nan_to_num().mean())
    words = (
        f"{_marks(len(rows), count)} of “{artefact}” {what}: likeness {value:.2f}, the typical mark has {typical:.2f}. "
        "They count little in training. Open them and paint what is meant, or take the mark away."
    )
    return _warning(marked, "misplaced", artefact, rows, value, typical, _sentence(words))


def _everywhere(
    marked: MarkedExamples, facts: ImageFacts, artefact: str, rows: Sequence[int], count: int
) -> MarkWarning:
    index = torch.tensor(rows)
    share = float((facts.factor[index].isinf()).float().mean())
    words = (
        f"What is marked as “{artefact}” is what most cases show at that place, in {_marks(len(rows), count)}. Either "
        "most cases carry it, or the marks lie beside it. Open one and look whether the mark covers what is meant."
    )
    return _warning(marked, "misplaced", artefact, rows, share, 1 - share, words)


def _too_large(
    marked: MarkedExamples, facts: ImageFacts, artefact: str, rows: Sequence[int], count: int
) -> MarkWarning:
    factor = float(facts.factor[torch.tensor(rows)].median())
    words = (
        f"{_marks(len(rows), count)} of “{artefact}” are about {factor:.1f} times as large as what differs there from "
        "other cases; the rest looks as it does elsewhere. Training keeps to the part that differs. Open them and "
        "paint it smaller."
    )
    return _warning(marked, "oversized", artefact, rows, factor, TOO_LARGE, _sentence(words))


def _shares(marked: MarkedExamples) -> Tensor:
    """Return the largest share of an image or of a text that each row's *ignore* marks cover, [rows]."""
    wide = [covered(marked, field, marked.ignore) for field, kind in marked.kinds.items() if kind in ("image", "text")]
    return torch.stack(wide).amax(dim=0) if wide else torch.zeros(len(marked))


def _by_share(marked: MarkedExamples, shares: Tensor, limit: float) -> list[MarkWarning]:
    found = []
    for artefact in _artefacts(marked):
        rows, every = _rows(marked, artefact, (shares > limit) & (shares < WHOLE)), _rows(marked, artefact, shares >= 0)
        if rows:
            share = float(shares[torch.tensor(rows)].median())
            words = (
                f"{_marks(len(rows), len(every))} of “{artefact}” cover {share:.0%} of the input, more than "
                f"{limit:.0%}. Marks that are too large teach the wrong thing. Open them and paint only what the "
                "model should not use."
            )
            found.append(_warning(marked, "oversized", artefact, rows, share, limit, _sentence(words)))
    return found


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
