"""Small workspaces, cases and stored versions for tests of networks, training and serving."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import torch
from torch import Tensor

from core.contracts import FieldKind, FieldSpec, Progress, Version, WorkspaceSpec
from core.errors import Cancelled
from core.models.examples import Examples
from core.models.manifest import Manifest, TargetCalibration
from core.models.network import TandemNetwork, build_network
from core.models.registry import LoadedModel, load_version, save_version

IMAGE = {"name": "image", "kind": "image", "size": 6}
RANDOM_BACKBONE = {"name": "timm", "backbone": "test_byobnet", "weights": "random"}
AGE = {"name": "age", "kind": "numeric"}
COLOUR = {"name": "colour", "kind": "categorical", "categories": ["red", "green", "blue"]}
NOTE = {"name": "note", "kind": "text", "tokens": 8}
SMALL_TRANSFORMER = {"name": "transformer", "width": 8, "heads": 2, "vocabulary": 32}


def spec_of(**changes) -> WorkspaceSpec:
    """A workspace with one 6 px grey image, one target of three classes and a small perceptron."""
    sections = {
        "name": "small",
        "title": "Small",
        "fields": [IMAGE],
        "targets": [{"name": "shape", "classes": ["a", "b", "c"]}],
        "encoder": {"name": "mlp", "hidden": [8, 5]},
        "training": {"batch_size": 8, "seed": 3},
    }
    return WorkspaceSpec.model_validate({**sections, **changes})


def cases_of(spec: WorkspaceSpec, count: int, seed: int = 0) -> Examples:
    """Random prepared inputs whose values tell the class of the first target.

    Images are brighter, numbers larger, the category is the class's own, and a text holds a word of its class. Every
    fifth case lacks an optional field, another one for each field.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = {target.name: torch.randint(len(target.classes), (count,), generator=generator) for target in spec.targets}
    first = next(iter(labels.values()))
    inputs = {}
    for place, item in enumerate(spec.fields):
        values = DRAWN[item.kind](item, first, generator)
        if not item.required:
            values[torch.arange(count) % 5 == place % 5] = ABSENT[item.kind]
        inputs[item.name] = values
    return Examples(tuple(range(count)), inputs, labels, tuple(f"g{row}" for row in range(count)))


def _images(item: FieldSpec, labels: Tensor, generator: torch.Generator) -> Tensor:
    shape = (len(labels), 1 if item.colour == "grey" else 3, item.size, item.size)
    noise = torch.randint(0, 80, shape, generator=generator)
    return (noise + 60 * labels.view(-1, 1, 1, 1)).to(torch.uint8)


def _numbers(item: FieldSpec, labels: Tensor, generator: torch.Generator) -> Tensor:
    return 10.0 * labels[:, None] + torch.rand(len(labels), 1, generator=generator)


def _categories(item: FieldSpec, labels: Tensor, generator: torch.Generator) -> Tensor:
    return labels[:, None] % len(item.categories)


def _texts(item: FieldSpec, labels: Tensor, generator: torch.Generator) -> Tensor:
    """Three to all places of ordinary words; the class's word is one of the first three."""
    shape = (len(labels), item.tokens)
    words = torch.randint(ORDINARY, ORDINARY + 20, shape, generator=generator)
    length = torch.randint(3, item.tokens + 1, (len(labels), 1), generator=generator)
    words[torch.arange(item.tokens) >= length] = 0
    words[torch.arange(len(labels)), torch.randint(3, (len(labels),), generator=generator)] = TELLING + labels
    return words


ORDINARY, TELLING = 2000, 3000
"""First number of the words that tell nothing, and of those that tell the class. Both are word pieces, too."""
DRAWN = {"image": _images, "numeric": _numbers, "categorical": _categories, "text": _texts}
ABSENT: Mapping[FieldKind, float] = {"image": 0, "numeric": math.nan, "categorical": -1, "text": 0}


class MemoryBlobs(dict):
    """Content-addressed like the real store."""

    def put(self, data: bytes) -> str:
        key = hashlib.sha256(data).hexdigest()
        self[key] = data
        return key

    def get(self, sha: str) -> bytes:
        return self[sha]


def manifest_of(spec: WorkspaceSpec, **changes) -> Manifest:
    """A manifest with one calibration per target."""
    targets = tuple(TargetCalibration(target=t.name, classes=t.classes, **changes) for t in spec.targets)
    return Manifest(workspace=spec.name, revision=1, spec=spec, targets=targets)


def stored(network: TandemNetwork, name: str = "v1", **changes) -> tuple[MemoryBlobs, Version]:
    """Store a version of `network`."""
    blobs = MemoryBlobs()
    saved = save_version(blobs, network, manifest_of(network.spec, **changes))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return blobs, Version(1, name, 1, 1, None, None, saved.weights, saved.manifest, saved.sha256, "candidate", moment)


def model_of(spec: WorkspaceSpec, seed: int = 0, name: str = "v1", **changes) -> LoadedModel:
    """A loaded version with weights drawn from `seed`."""
    return load_version(*stored(build_network(spec, seed), name, **changes))


@dataclass
class Watcher:
    """Keeps every progress report; cancels at the report whose number is `cancel_at`."""

    cancel_at: int | None = None
    reports: list[Progress] = field(default_factory=list)

    def report(self, progress: Progress) -> None:
        self.reports.append(progress)
        if self.cancel_at is not None and len(self.reports) >= self.cancel_at:
            raise Cancelled("asked to stop")


@dataclass
class Keeper:
    """Keeps the last checkpoint."""

    state: bytes | None = None
    saves: int = 0
    every_seconds: float = 5.0

    def load(self) -> bytes | None:
        return self.state

    def save(self, state: bytes) -> None:
        self.state, self.saves = state, self.saves + 1
