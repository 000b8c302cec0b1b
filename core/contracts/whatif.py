"""What-if: edited inputs, counterfactuals, similar cases."""

from dataclasses import dataclass
from typing import Literal

from core.contracts.evidence import Fill
from core.contracts.results import Prediction
from core.contracts.views import FieldView, TargetView


@dataclass(frozen=True, slots=True)
class Edit:
    """One changed field. Exactly one of number, text, missing or mask is used."""

    field: str
    number: float | None = None
    text: str | None = None
    """A category, or the whole edited text."""
    missing: bool = False
    mask: bytes | None = None
    """Image: PNG of the original's size, non-zero = painted over."""
    fill: Fill = "blur"
    """Image: what is painted there."""


@dataclass(frozen=True, slots=True)
class FieldRange:
    """What a field may be set to."""

    field: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    categories: tuple[tuple[str, str], ...] = ()
    """(stored value, words)."""
    can_be_missing: bool = False
    sensitive: bool = False
    """Whether it is also a sensitive attribute: counterfactuals leave it alone unless they are told otherwise."""


@dataclass(frozen=True, slots=True)
class WhatIfCase:
    """A case opened for what-if: its inputs, what they may become, and the model's answer as it is."""

    workspace: str
    case: str
    version: str
    fields: tuple[FieldView, ...]
    ranges: tuple[FieldRange, ...]
    targets: tuple[TargetView, ...]
    prediction: Prediction
    methods: tuple[str, ...]
    """Explanation methods that fit this model, best first."""


@dataclass(frozen=True, slots=True)
class WhatIfView:
    """The answer to the edited case, next to the answer to the case as it is."""

    before: Prediction
    after: Prediction
    fields: tuple[FieldView, ...]
    """The edited inputs."""
    warnings: tuple[str, ...]
    """For example: far from every case that the model was trained on."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """What a counterfactual may do to a table field."""

    field: str
    rule: Literal["free", "fixed", "only up", "only down"] = "free"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between a case and its counterfactual."""

    field: str
    before: str
    after: str
    start: int | None = None
    end: int | None = None
    """Text: code points of the changed words in the original."""


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """A changed case that gets the wanted answer."""

    changes: tuple[Change, ...]
    edits: tuple[Edit, ...]
    """The same as edits, to go on with on the page."""
    prediction: Prediction
    label: str
    probability: float
    distance: float
    """Table: mean over fields of |change| / median absolute deviation (1 for a changed category). Text: share of words.
    Image: share of the area. Lower is closer."""
    plausibility: float | None
    """Share of training cases that lie in sparser places (density percentile, 0 to 1); higher is more plausible."""
    fields: tuple[FieldView, ...]


@dataclass(frozen=True, slots=True)
class CounterfactualsView:
    """Counterfactuals of a case, best first."""

    target: str
    wanted: str
    found: tuple[Counterfactual, ...]
    words: str
    """What was found, or why nothing was, in a sentence."""
    tried: int
    """Inputs that the model answered on the way."""
    seconds: float


@dataclass(frozen=True, slots=True)
class SimilarCase:
    """A stored case near this one, with its outcome and what people said."""

    case: str
    similarity: float
    """Cosine of the standardised vectors, -1 to 1."""
    label: str | None
    """Reference label; None where nobody knows."""
    label_source: str
    answer: str | None
    """What the version answers, None when it was not scored."""
    said: tuple[tuple[str, str, str], ...]
    """(person, label, comment) of standing verdicts."""
    image: bytes | None
    caption: str
    split: str


@dataclass(frozen=True, slots=True)
class SimilarView:
    """The neighbourhood of a case in the version's own space, without cases that the person has still to read blind."""

    target: str
    similar: tuple[SimilarCase, ...]
    other_class: SimilarCase | None
    """The nearest case of another reference label."""
    prototypes: tuple[tuple[str, tuple[SimilarCase, ...]], ...]
    """(label, typical cases of it)."""
    n: int
    """Cases that were searched."""
    agreement: float | None
    """Share of the similar cases whose reference label is the model's answer; None without labels."""
