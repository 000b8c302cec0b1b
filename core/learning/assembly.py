"""Which cases may train: decided by split and by who labelled them. The database enforces the same rule again.

- *train* and *validation* cases use their current reference label;
- *pool* cases join the training set once a person's verdict gave them a reference label;
- *calibration* and *ledger* cases never train, even after a person corrected them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.contracts import Case, LabelSource, ReferenceLabel, Region
from core.errors import Refused

PERSON: tuple[LabelSource, ...] = ("single verdict", "agreement", "adjudication")
TRAINABLE = ("train", "validation", "pool")


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Case ids by role; `feedback` are pool cases that people labelled, `marked` those with usable regions."""

    train: tuple[int, ...]
    validation: tuple[int, ...]
    feedback: tuple[int, ...]
    marked: tuple[int, ...]

    @property
    def everything(self) -> tuple[int, ...]:
        """All cases that influence the weights."""
        return tuple(sorted({*self.train, *self.validation, *self.feedback, *self.marked}))


def assemble(
    cases: Sequence[Case],
    references: Mapping[str, Mapping[int, ReferenceLabel]],
    regions: Sequence[Region],
    *,
    use_regions: bool,
) -> TrainingSet:
    """Choose the training set. `references` maps target -> case id -> current reference label.

    Raises
    ------
    Refused
        When there is no labelled training or validation case.
    """
    labelled = {case_id for labels in references.values() for case_id in labels}
    by_person = {
        case_id for labels in references.values() for case_id, label in labels.items() if label.source in PERSON
    }
    train = tuple(case.id for case in cases if case.split == "train" and case.id in labelled)
    validation = tuple(case.id for case in cases if case.split == "validation" and case.id in labelled)
    feedback = tuple(case.id for case in cases if case.split == "pool" and case.id in by_person)
    if not train or not validation:
        raise Refused(
            f"Nothing to train on: {len(train)} labelled training and {len(validation)} validation cases. "
            "Import cases that have labels, or raise the split's train share."
        )
    usable = {*train, *feedback} if use_regions else set()
    marked = tuple(sorted({region.case_id for region in regions if region.case_id in usable}))
    return TrainingSet(train, validation, feedback, marked)


def refuse_untrainable(cases: Sequence[Case]) -> None:
    """Raise when any case belongs to a split that never trains.

    Raises
    ------
    Refused
        Names the first such case and its split.
    """
    for case in cases:
        if case.split not in TRAINABLE:
            raise Refused(f"Case {case.name!r} is in the {case.split} split and can never train a model.")
