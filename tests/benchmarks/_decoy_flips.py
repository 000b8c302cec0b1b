"""Decoys in other kinds of cases: how many answers change with the shortcut, and how good are they without it?"""

from collections.abc import Sequence

import numpy as np

from core.learning.metrics import macro_auroc
from core.learning.spreading.spread import spread, with_found
from core.models.network import TandemNetwork
from tests.benchmarks._decoy_recipe import DEVICE, Recipe
from tests.benchmarks._decoy_spread import ACCEPTED
from tests.benchmarks._decoy_world import World

CLEAN = "clean"


def measured(recipe: Recipe, strategy: str, masks: Sequence[int]) -> dict[str, float]:
    """Return the figures of one split: before, after guidance with the most marks, and of the control without marks.

    The test cases `clean` of the recipe lack the shortcut; each other test holds the same cases with it.
    """
    world = World(recipe)
    done = world.retrained(strategy, recipe.marks(max(masks)))
    control = done.control()
    return {
        "flips_before": flips(world, world.vanilla),
        "flips_after": flips(world, done.network),
        "flips_control": flips(world, control),
        "clean_before": area(world, world.vanilla),
        "clean_after": area(world, done.network),
        "clean_control": area(world, control),
    }


def spread_measured(recipe: Recipe, strategy: str, masks: Sequence[int]) -> dict[str, float]:
    """Return the figures after guidance where the most marks were spread to all cases in which a search finds more."""
    world, marked = World(recipe), recipe.marks(max(masks))
    found = spread(recipe.spec, marked, recipe.train, device=DEVICE, seed=recipe.seed)
    done = world.retrained(strategy, with_found(marked, recipe.train, found, least=ACCEPTED))
    return {
        "spread_flips_after": flips(world, done.network),
        "spread_clean_after": area(world, done.network),
    }


def flips(world: World, network: TandemNetwork) -> float:
    """Return the share of answers that change when the shortcut comes in; lower is better."""
    target = world.recipe.spec.targets[0].name
    clean = world.answers(network, CLEAN)[target].argmax(dim=1)
    others = [world.answers(network, test)[target].argmax(dim=1) for test in world.recipe.tests if test != CLEAN]
    return float(np.mean([(other != clean).double().mean() for other in others]))


def area(world: World, network: TandemNetwork) -> float:
    """Return the area under the ROC curve of cases without the shortcut."""
    target = world.recipe.spec.targets[0].name
    labels = world.recipe.tests[CLEAN].labels[target].numpy()
    probabilities = world.answers(network, CLEAN)[target].double().softmax(dim=1).numpy()
    return float(macro_auroc(labels)(probabilities, np.ones(len(labels))))
