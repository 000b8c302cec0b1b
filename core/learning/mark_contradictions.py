"""Marks that say opposite things: ignored and looked at, two readers apart, or all of a case."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from core.contracts import FieldKind, MarkWarning
from core.learning.mark_content import windows_of
from core.learning.marks import Inputs, MarkedExamples
from core.learning.phrases import phrases_of

OVERLAP = 0.1
"""Share of the smaller of two opposite marks of a case that may overlap by a slip of the brush."""
SAME_PLACE, SAME_CONTENT = 0.5, 0.8
"""Overlap (intersection over union) and likeness from which on two cases are marked at the same thing."""
READERS = 0.5
"""Agreement of readers' marks below which they contradict each other."""
WHOLE = 0.9
"""Share of an image or of a text from which on a mark covers all of it."""


def contradictions(marked: MarkedExamples) -> tuple[MarkWarning, ...]:
    """Return marks that cover all of a case, and those that are *ignore* and *look here* at once."""
    both = tuple(_both(marked))
    torn = {case for warning in both for case in warning.cases}
    return (*_whole(marked), *both, *_elsewhere(marked, torn))


def overlap_of_readers(marked: MarkedExamples) -> tuple[MarkWarning, ...]:
    """Return the artefacts that several readers marked differently in the same case: rows of little weight."""
    found = []
    for artefact in dict.fromkeys(marked.artefacts):
        rows = [i for i, own in enumerate(marked.artefacts) if own == artefact and float(marked.weights[i]) < READERS]
        if rows:
            value = float(marked.weights[torch.tensor(rows)].mean())
            words = (
                f"Readers marked {_called(artefact)} differently in {_cases(len(rows))}: their marks agree by "
                f"{value:.2f} of 1, at least {READERS:.1f} is expected. Such marks count less. Open them and agree on "
                "what is meant."
            )
            found.append(_warning(marked, artefact, rows, value, READERS, words))
    return tuple(found)


def _warning(
    marked: MarkedExamples, artefact: str | None, rows: list[int], value: float, limit: float, words: str
) -> MarkWarning:
    cases = tuple(dict.fromkeys(str(marked.examples.case_ids[row]) for row in rows))
    return MarkWarning("contradictory", artefact, cases, value, limit, words)


def _called(artefact: str | None) -> str:
    return "where to look" if artefact is None else f"“{artefact}”"


def _cases(number: int) -> str:
    return "1 case" if number == 1 else f"{number} cases"


def covered(marked: MarkedExamples, field: str, masks: Inputs) -> Tensor:
    """Return the share of a field that each row's mark covers, [rows]: pixels, words, or the one value."""
    mask = masks[field].flatten(1)
    if marked.kinds[field] != "text":
        return mask.float().mean(dim=1)
    words = marked.examples.inputs[field] != 0
    return (mask & words).sum(dim=1) / words.sum(dim=1).clamp(min=1)


def _whole(marked: MarkedExamples) -> Iterator[MarkWarning]:
    for kind, masks in (("ignored", marked.ignore), ("looked at", marked.look)):
        shares = {field: covered(marked, field, masks) for field in marked.kinds}
        if not len(marked) or not shares:
            return
        all_fields = torch.stack([share >= WHOLE for share in shares.values()]).all(dim=0)
        wide: tuple[FieldKind, ...] = ("image", "text")
        of_one = [share >= WHOLE for field, share in shares.items() if marked.kinds[field] in wide]
        rows = torch.nonzero(torch.stack([all_fields, *of_one]).any(dim=0)).flatten().tolist()
        if rows:
            value = max(float(share[rows].max()) for share in shares.values())
            words = (
                f"All of an input is to be {kind} in {_cases(len(set(rows)))}: the mark leaves nothing else to learn "
                "from. Open them and mark only the part that is meant."
            )
            yield _warning(marked, _common(marked, rows), rows, value, WHOLE, words)


def _common(marked: MarkedExamples, rows: list[int]) -> str | None:
    names = {marked.artefacts[row] for row in rows}
    return names.pop() if len(names) == 1 else None


def _both(marked: MarkedExamples) -> Iterator[MarkWarning]:
    """Yield the cases where one place is to be ignored and to be looked at."""
    by_case: dict[int, list[int]] = {}
    for row, case in enumerate(marked.examples.case_ids):
        by_case.setdefault(case, []).append(row)
    rows, shares = [], []
    for own in by_case.values():
        share = max((_overlap(marked, own, field) for field in marked.kinds), default=0.0)
        if share > OVERLAP:
            rows.append(own[0])
            shares.append(share)
    if rows:
        words = (
            f"The same place is to be ignored and to be looked at in {_cases(len(rows))}: {max(shares):.0%} of the "
            "smaller mark. Open them and take one of the two away."
        )
        yield _warning(marked, _common(marked, rows), rows, max(shares), OVERLAP, words)


def _overlap(marked: MarkedExamples, rows: list[int], field: str) -> float:
    ignored, looked = (masks[field][rows].any(dim=0) for masks in (marked.ignore, marked.look))
    smaller = min(int(ignored.sum()), int(looked.sum()))
    return int((ignored & looked).sum()) / smaller if smaller else 0.0


def _elsewhere(marked: MarkedExamples, torn: set[str]) -> Iterator[MarkWarning]:
    """Yield the artefacts whose content is to be ignored in one case and to be looked at in another (not in `torn`)."""
    for artefact in dict.fromkeys(name for name in marked.artefacts if name is not None):
        ignored = [i for i, own in enumerate(marked.artefacts) if own == artefact]
        rows = {row for field in marked.kinds for row in _looked_at(marked, field, ignored)}
        found = sorted(row for row in rows if str(marked.examples.case_ids[row]) not in torn)
        if found:
            words = (
                f"“{artefact}” is to be ignored in {_cases(len(ignored))}, and what looks the same is to be looked at "
                f"in {_cases(len(found))}. Open them and decide which it is."
            )
            yield _warning(marked, artefact, found, float(len(found)), 0.0, words)


def _looked_at(marked: MarkedExamples, field: str, ignored: list[int]) -> list[int]:
    """Return the rows that look at what a row of another case, one of `ignored`, ignores in this field."""
    first = [row for row in ignored if bool(marked.ignore[field][row].any())]
    looks = [row for row in range(len(marked)) if bool(marked.look[field][row].any())]
    if not first or not looks:
        return []
    alike = {"image": _same_picture, "text": _same_words}.get(marked.kinds[field], _same_field)
    ids = torch.tensor(marked.examples.case_ids)
    hits = alike(marked, field, first, looks) & (ids[first][:, None] != ids[looks])
    return [row for row, hit in zip(looks, hits.any(dim=0).tolist(), strict=True) if hit]


def _same_field(marked: MarkedExamples, field: str, ignored: list[int], looks: list[int]) -> Tensor:
    return torch.ones(len(ignored), len(looks), dtype=torch.bool)


def _same_words(marked: MarkedExamples, field: str, ignored: list[int], looks: list[int]) -> Tensor:
    texts = marked.examples.inputs[field]
    first = [set(phrases_of(texts[row], marked.ignore[field][row])) for row in ignored]
    second = [set(phrases_of(texts[row], marked.look[field][row])) for row in looks]
    return torch.tensor([[bool(one & other) for other in second] for one in first])


def _same_picture(marked: MarkedExamples, field: str, ignored: list[int], looks: list[int]) -> Tensor:
    images = marked.examples.inputs[field]
    first, second = marked.ignore[field][ignored], marked.look[field][looks]
    a, b = first.flatten(1).float(), second.flatten(1).float()
    both = a @ b.T
    union = a.sum(dim=1, keepdim=True) + b.sum(dim=1) - both
    alike = windows_of(images[ignored], first).flatten(1) @ windows_of(images[looks], second).flatten(1).T
    return (both / union.clamp(min=1) >= SAME_PLACE) & (alike >= SAME_CONTENT)
