"""Evidence beyond the map: which methods there are, how far a map can be trusted, what happens without a region."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.contracts.figures import Estimate
from core.contracts.results import Prediction
from core.contracts.views import FieldEvidence, FieldView

OptionValue = float | int | str
Support = Literal["supported", "not supported", "not assessed"]
"""What the quality report of this version says of a method."""
Fill = Literal["blur", "mean", "noise", "neighbour"]
"""What takes the place of a removed part of an image; a field becomes missing or average, words are left out."""


@dataclass(frozen=True, slots=True)
class OptionView:
    """One setting of a method, with enough to draw a control for it."""

    name: str
    title: str
    kind: Literal["int", "float", "choice"]
    default: OptionValue
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MethodView:
    """One explanation method that fits this model, for a picker."""

    name: str
    title: str
    what: str
    what_not: str
    signed: bool
    options: tuple[OptionView, ...]
    reads_baseline: bool
    """Whether the answer depends on what 'absent' means."""
    seconds: float | None
    """Estimated time for one case, None when nothing was measured yet."""
    support: Support = "not assessed"
    reason: str = ""
    """Why it is not supported by evidence on this model, in words."""


@dataclass(frozen=True, slots=True)
class BaselineView:
    """One meaning of 'absent' that a person can choose."""

    name: str
    title: str
    what: str


@dataclass(frozen=True, slots=True)
class EvidenceForm:
    """One question for evidence. Empty parts are filled: the best supported method, the model's own label."""

    workspace: str
    case: str
    target: str
    method: str | None = None
    label: str | None = None
    against: str | None = None
    """Why `label` rather than this label; None: why `label` at all."""
    baseline: str | None = None
    """Name of a `BaselineView`; None: the method's own."""
    reference: str | None = None
    """Name of the case that is the baseline when `baseline` is `case`."""
    options: Mapping[str, OptionValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Curve:
    """Deletion or insertion: the label's probability while the hottest parts go (or come) first."""

    name: Literal["deletion", "insertion"]
    fill: Literal["mean", "blur"]
    shares: tuple[float, ...]
    """Share of the input removed or put in, 0 to 1, ascending."""
    values: tuple[float, ...]
    """Probability of the label with this map's order."""
    random_mean: tuple[float, ...]
    random_low: tuple[float, ...]
    random_high: tuple[float, ...]
    """The same with random orders: mean and 95 % interval over orders."""
    edge: tuple[float, ...] = ()
    """The same in the order of an edge map (pictures alone)."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Area under a curve of one map, against the areas of random maps and of an edge map."""

    curve: Literal["deletion", "insertion"]
    fill: Literal["mean", "blur"]
    area: float
    """Deletion: lower is better; insertion: higher is better. 0 to 1."""
    random: Estimate
    edge: float | None
    better_than_random: bool | None
    """None when the interval of random maps holds the area."""


@dataclass(frozen=True, slots=True)
class BaselineDependence:
    """How alike the maps for two meanings of 'absent' are."""

    baseline: str
    correlation: float
    """Spearman rank correlation with the chosen baseline's map, -1 to 1."""


@dataclass(frozen=True, slots=True)
class EvidenceQualityView:
    """How far one explanation can be trusted."""

    method: str
    target: str
    label: str
    completeness_error: float | None
    curves: tuple[Curve, ...]
    comparisons: tuple[Comparison, ...]
    stability: Estimate | None
    """Spearman rank correlation with the maps of slightly noisy inputs; 1 is best; n maps."""
    dependence: tuple[BaselineDependence, ...]
    warnings: tuple[str, ...]
    """In words: the answer depends on the baseline, no better than random, not stable."""
    seconds: float


@dataclass(frozen=True, slots=True)
class RemovalView:
    """The answer without a region, next to the same without equal regions elsewhere."""

    before: Prediction
    after: Prediction
    target: str
    label: str
    """The label whose change is told: the model's answer before."""
    change: float
    """Probability of `label`, after minus before."""
    flipped: bool
    """Whether the answer is another one now."""
    elsewhere: Estimate | None
    """Change of the same probability when regions of the same size and shape elsewhere are removed."""
    share: float
    """Share of the input that was removed, 0 to 1."""
    fields: tuple[FieldView, ...]
    """The inputs as the model saw them without the region."""
    words: str
    """What happened, in one sentence."""


@dataclass(frozen=True, slots=True)
class PathStep:
    """One place of the integrated path."""

    place: float
    """0 is the baseline, 1 the input."""
    logit: float
    total: float
    """Sum of the attributions so far; with no error it equals `logit` minus the first logit."""
    fields: tuple[FieldEvidence, ...]
    """The attributions so far, on the scale of the last step."""


@dataclass(frozen=True, slots=True)
class PathView:
    """Integrated gradients as they add up along the path."""

    target: str
    label: str
    baseline: str
    steps: tuple[PathStep, ...]


@dataclass(frozen=True, slots=True)
class TaughtBy:
    """A training case that pushed the model towards (or away from) this answer."""

    case: str
    label: str
    influence: float
    """TracInCP on the head: positive pushed towards the answer."""
    image: bytes | None
    caption: str


@dataclass(frozen=True, slots=True)
class InfluenceView:
    """The cases that taught the model this."""

    target: str
    label: str
    towards: tuple[TaughtBy, ...]
    against: tuple[TaughtBy, ...]
    n: int
    """Training cases that were looked at."""
    checkpoints: int


@dataclass(frozen=True, slots=True)
class ConceptView:
    """A concept that a person collects from cases."""

    name: str
    cases: tuple[str, ...]
    counter_cases: tuple[str, ...]
    """Cases without it; when there are none, random cases are taken."""


@dataclass(frozen=True, slots=True)
class ConceptSensitivityView:
    """TCAV: how often moving towards the concept raises the label, next to random concepts."""

    concept: str
    target: str
    label: str
    score: Estimate
    """Share of cases whose label's logit rises towards the concept, 0 to 1; interval over concept vectors; n cases."""
    random: Estimate
    accuracy: Estimate
    """How well held-out cases with and without the concept are told apart; 0.5 is chance."""
    p_value: float
    """Two-sided test of `score` against random concepts."""
    supported: bool
    words: str
