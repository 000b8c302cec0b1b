"""How far the labels of training cases are trusted: by how many of their readers agree, and how sure they were."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.contracts import ReferenceLabel, Verdict
from core.learning.agreement import Vote, label_weight
from core.learning.assembly import PERSON


@dataclass(frozen=True, slots=True)
class LabelTrust:
    """What a training is told about its labels."""

    weights: Mapping[str, Tensor] | None
    """Target -> weight of each case's label, 0 to 1 [cases]; None where all count fully."""
    confirmed: frozenset[int]
    """Cases with a label that persons gave."""


def label_trust(
    case_ids: Sequence[int], references: Mapping[str, Mapping[int, ReferenceLabel]], given: Sequence[Verdict]
) -> LabelTrust:
    """Return the trust in the reference labels of these cases; `given` are the verdicts that stand on them."""
    votes: dict[tuple[int, str], list[Vote]] = defaultdict(list)
    for verdict in given:
        votes[verdict.case_id, verdict.target].append(Vote(verdict.label, verdict.confidence))
    weights = {
        target: torch.tensor([_weight(known.get(case_id), votes[case_id, target]) for case_id in case_ids])
        for target, known in references.items()
    }
    confirmed = {i for known in references.values() for i, label in known.items() if label.source in PERSON}
    full = all(bool((values == 1.0).all()) for values in weights.values())
    return LabelTrust(None if full else weights, frozenset(case_ids) & confirmed)


def _weight(reference: ReferenceLabel | None, votes: Sequence[Vote]) -> float:
    return 1.0 if reference is None else label_weight(reference.label, reference.source, votes)
