"""From the marks of one artefact to all cases that carry it: search, and join what was accepted to the marks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import torch

from core.contracts import ProgressReporter, WorkspaceSpec
from core.learning.marks import MarkedExamples
from core.learning.spreading.base import SURE, Found, Search
from core.learning.spreading.registry import spreader
from core.models.examples import Examples, concatenate

Texts = Mapping[str, Sequence[str | None]]
"""Text field -> the texts themselves, in the order of the cases."""


def spread(
    spec: WorkspaceSpec,
    marked: MarkedExamples,
    cases: Examples,
    *,
    device: torch.device,
    seed: int = 0,
    texts: tuple[Texts, Texts] | None = None,
    reporter: ProgressReporter | None = None,
) -> tuple[Found, ...]:
    """Find the artefact of the *ignore* marks of `marked` in `cases`.

    Parameters
    ----------
    texts
        Of the marked cases and of the cases to search; with them near spellings are found too.

    Returns
    -------
    tuple of Found
        Of each marked field at most one per case, surest first; `row` is a row of `cases`. Marked cases are left out.
    """
    known = set(marked.examples.case_ids)
    rows = [row for row, case_id in enumerate(cases.case_ids) if case_id not in known]
    found: list[Found] = []
    for field in spec.fields:
        own = torch.nonzero(marked.ignore[field.name].flatten(1).any(dim=1)).flatten()
        if not len(own) or not rows:
            continue
        search = Search(
            field=field,
            marked=marked.examples.inputs[field.name][own],
            masks=marked.ignore[field.name][own],
            cases=cases.inputs[field.name][rows],
            device=device,
            seed=seed,
            marked_texts=_chosen(texts and texts[0].get(field.name), own.tolist()),
            texts=_chosen(texts and texts[1].get(field.name), rows),
            reporter=reporter,
        )
        found += [replace(item, row=rows[item.row]) for item in spreader(field.kind).find(search)]
    return tuple(sorted(found, key=lambda item: -item.probability))


def with_found(
    marked: MarkedExamples, cases: Examples, found: Iterable[Found], *, least: float = SURE
) -> MarkedExamples:
    """Return the marks with those finds added that are at least so probable, as a person who accepts them would."""
    kept = [item for item in found if item.probability >= least]
    rows = sorted({item.row for item in kept})
    ignore = {name: torch.zeros((len(rows), *mask.shape[1:]), dtype=torch.bool) for name, mask in marked.ignore.items()}
    for item in kept:
        ignore[item.field][rows.index(item.row)] = item.mask
    return replace(
        marked,
        examples=concatenate([marked.examples, cases.select(rows)]),
        ignore={name: torch.cat([marked.ignore[name], mask]) for name, mask in ignore.items()},
        look={name: torch.cat([mask, torch.zeros_like(ignore[name])]) for name, mask in marked.look.items()},
        artefacts=(*marked.artefacts, *(marked.artefacts[0] for _ in rows)),
        weights=torch.cat([marked.weights, torch.ones(len(rows))]),
    )


def _chosen(texts: Sequence[str | None] | None, rows: Sequence[int]) -> Sequence[str | None]:
    return [texts[row] for row in rows] if texts else ()
