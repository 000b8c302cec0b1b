"""What a page draws: everything it shows, nothing that is not due yet."""

from dataclasses import dataclass
from datetime import datetime

from core.contracts.kinds import Confidence, FieldKind, MarkKind, ReadingMode, Stance
from core.contracts.records import Artefact
from core.contracts.results import Prediction


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """One class of a target: stored value and the words for it."""

    value: str
    words: str


@dataclass(frozen=True, slots=True)
class TargetView:
    """One question that the person answers; choices in the order that digits pick them."""

    name: str
    title: str
    choices: tuple[ChoiceView, ...]


@dataclass(frozen=True, slots=True)
class PopulationView:
    """Where the values of a table field lie among the cases that train the model, and where this one is."""

    n: int
    """Cases that have a value."""
    missing: int
    """Cases that have none."""
    edges: tuple[float, ...] = ()
    """Numeric: edges of the histogram's bins, one more than `counts`."""
    counts: tuple[int, ...] = ()
    """Cases in each bin, or of each category."""
    categories: tuple[str, ...] = ()
    """Categorical: words for each category, most frequent first."""
    below: float | None = None
    """Numeric: share of cases with a smaller value, ties counted half; 0 to 1."""


@dataclass(frozen=True, slots=True)
class FieldView:
    """One input as the viewer shows it. Images: encoded bytes a browser can show, EXIF-corrected size.

    A field without image, number and text is missing.
    """

    name: str
    title: str
    kind: FieldKind
    image: bytes | None = None
    media_type: str = "image/png"
    width: int = 0
    height: int = 0
    number: float | None = None
    text: str | None = None
    """The stored text, or the stored category."""
    words: str = ""
    """Words for the category."""
    unit: str = ""
    population: PopulationView | None = None
    spans: tuple[tuple[int, int], ...] = ()
    """Text: code points [start, end) of each word, in order: what can be marked with one click."""
    read_until: int | None = None
    """Text: the model reads up to this code point; None when it reads all."""

    @property
    def missing(self) -> bool:
        """Whether the case has no value for this field."""
        return self.image is None and self.number is None and self.text is None


@dataclass(frozen=True, slots=True)
class ReadView:
    """The person's committed read of one target."""

    target: str
    label: str
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class MarkView:
    """A saved mark of this person on this case; `mask` is a 1-bit PNG in original pixels."""

    field: str
    kind: MarkKind
    artefact: str | None
    mask: bytes | None
    names: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class VerdictView:
    """The person's standing verdict on one target."""

    target: str
    label: str
    stance: Stance
    confidence: Confidence
    comment: str
    created: datetime
    version: str | None
    marks: tuple[MarkView, ...]
    can_undo: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """An opened case. Holds nothing of the model: that is `RevealView`, due after the commit."""

    workspace: str
    name: str
    position: int
    """1-based place in the queue; 0 when the case is not waiting."""
    waiting: int
    why: str
    """Why this case is next, in words that reveal nothing that is hidden in this mode."""
    mode: ReadingMode
    fields: tuple[FieldView, ...]
    targets: tuple[TargetView, ...]
    reads: tuple[ReadView, ...]
    verdicts: tuple[VerdictView, ...]
    claimed_by: str | None
    """Another person who holds this case now, or None."""
    mark_warning: float
    artefacts: tuple[Artefact, ...]

    @property
    def read_done(self) -> bool:
        """Whether every target has this person's read (always true in the concurrent mode)."""
        return self.mode == "concurrent" or {r.target for r in self.reads} >= {t.name for t in self.targets}


@dataclass(frozen=True, slots=True)
class RevealView:
    """The model's answer, after the commit."""

    prediction: Prediction
    calibration_n: int
    """Calibration cases behind probabilities and sets."""
    coverage: float
    methods: tuple[str, ...]
    """Explanation methods that fit this model, best first."""
    withheld: str = ""
    """Why the model says nothing on this case, in words; then the prediction has no targets."""
    debrief: str = ""
    """After the verdict: that the answer that was shown was wrong on purpose, and what the model really says."""


@dataclass(frozen=True, slots=True)
class FieldEvidence:
    """Attribution of one field, ready to draw. `heat` is an RGBA PNG in the original's pixels."""

    field: str
    kind: FieldKind
    heat: bytes | None = None
    value: float | None = None
    spans: tuple[tuple[int, int, float], ...] = ()
    share: float = 1.0
    """This field's share in moving the answer: size of its sum over the sizes of all fields' sums."""
    total: float = 0.0
    """Sum of the field's attributions, on the logit scale."""
    low: float | None = None
    high: float | None = None
    """95 % interval of `total` over what the method draws at random; None for a method that draws nothing."""
    words: str = ""
    """What is hot, in words: the text alternative of the map."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One explanation with what it is, what it is not, and its own quality."""

    version: str
    method: str
    title: str
    target: str
    label: str
    fields: tuple[FieldEvidence, ...]
    completeness_error: float | None
    """|sum of attributions - (F(x) - F(baseline))| / max(|F(x) - F(baseline)|, 0.1 sd); None when not defined."""
    reached: bool
    """Whether the error is at or below the aim."""
    signed: bool
    """Whether heat has two directions (blue against, orange for) or only magnitude."""
    what: str
    what_not: str
    seconds: float
    steps: int | None
    cached: bool
    against: str | None = None
    """The label that the explained one is held against; None for the label alone."""
    baseline: str = ""
    """What 'absent' meant, in words; empty for a method that has no baseline."""
    coarse: bool = False
    """Whether this is the quick map that stands until the exact one is there."""
    options: tuple[tuple[str, float | int | str], ...] = ()


@dataclass(frozen=True, slots=True)
class MarkForm:
    """A mark as the page sends it."""

    field: str
    kind: MarkKind
    artefact: str | None = None
    mask: bytes | None = None
    """PNG of the original's size, non-zero = marked."""
    names: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class VerdictForm:
    """A verdict as the page or the CLI sends it."""

    workspace: str
    case: str
    target: str
    label: str
    """One of the target's classes, or `unsure`."""
    confidence: Confidence
    version: str | None
    """Version whose answer the person saw; None when none was shown."""
    comment: str = ""
    marks: tuple[MarkForm, ...] = ()
    shown: tuple[str, ...] = ()
    """What had been shown besides the case: `prediction`, `evidence:METHOD`."""
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class SavedVerdict:
    """Acknowledgement of a stored verdict."""

    verdict_id: int
    created: datetime
    stance: Stance
    notes: tuple[str, ...]
    """Things to say: version replaced meanwhile, marks large, not used for training because it is a ledger case."""
