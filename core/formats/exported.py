"""A workspace as it leaves the product: frozen records that every export format is written from."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.contracts import Confidence, FieldValue, MarkKind, Split, Stance, WorkspaceSpec


@dataclass(frozen=True, slots=True)
class ExportedMark:
    """A mark of a standing verdict; exactly one of `mask`, `names` and `spans` is set."""

    field: str
    kind: MarkKind
    artefact: str | None
    mask: bytes | None
    """1-bit PNG in the pixels of the upright original."""
    mask_file: str | None
    """Where that PNG lies in the folder."""
    names: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ExportedVerdict:
    """A standing verdict with its marks."""

    id: int
    case: str
    target: str
    actor: str
    label: str
    stance: Stance
    confidence: Confidence
    version: str | None
    comment: str
    at: str
    """ISO 8601, UTC."""
    marks: tuple[ExportedMark, ...]


@dataclass(frozen=True, slots=True)
class ExportedPrediction:
    """The champion's calibrated answer for a case and target."""

    case: str
    target: str
    version: str
    probabilities: Mapping[str, float]
    """Class -> probability, in the order of the classes."""

    answer: str | None = None
    """What it answers, where that need not be the most likely class."""

    @property
    def label(self) -> str:
        """The answer: the most likely class where nothing else is said."""
        return self.answer or max(self.probabilities, key=self.probabilities.__getitem__)


@dataclass(frozen=True, slots=True)
class ExportedCase:
    """A case with its files written."""

    name: str
    group: str
    split: Split
    fields: tuple[FieldValue, ...]
    files: Mapping[str, str]
    """Image field -> path relative to the folder; missing images are absent."""
    sizes: Mapping[str, tuple[int, int]]
    """Image field -> width and height of the upright image in pixels."""
    labels: Mapping[str, str]
    """Target -> label of the data set (not of people)."""
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Exported:
    """Everything that an export format may write."""

    spec: WorkspaceSpec
    cases: tuple[ExportedCase, ...]
    """In the order of their import."""
    verdicts: tuple[ExportedVerdict, ...]
    predictions: tuple[ExportedPrediction, ...]
    columns: tuple[str, ...]
    """Columns that an import of the exported workspace file reads."""
    rows: tuple[Mapping[str, str | float | None], ...]
    """One for each case, in the same order: column -> text, number or None; images as paths."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a format wrote: its files, relative to the folder, and the `[source]` that reads them again."""

    files: tuple[str, ...]
    source: Mapping[str, str]
    """Keys of the workspace file's section, without `split`."""
