"""Pictures with a planted shortcut: how accurate is a model where the shortcut tells nothing, or misleads?

Each part returns its figures for one seed and one strategy; their names carry the number of marks.
"""

from collections.abc import Callable, Mapping, Sequence

from tests.benchmarks._decoy_images import PictureDecoy
from tests.benchmarks._decoy_spread import precision_and_recall, spread_random
from tests.benchmarks._decoy_world import World

Figures = Mapping[str, float]


def vanilla(decoy: PictureDecoy, _strategy: str, _masks: Sequence[int]) -> Figures:
    """Measure the model that learnt the shortcut."""
    world = World(decoy.recipe())
    return {f"vanilla_{test}": world.accuracy(world.vanilla, test) for test in ("random", "inverted", "clean")}


def guided(decoy: PictureDecoy, strategy: str, masks: Sequence[int]) -> Figures:
    """Measure models that were retrained from scratch, and the control of the last one."""
    world, most = World(decoy.recipe()), max(masks)
    done = {count: world.retrained(strategy, decoy.marks(count)) for count in masks}
    found = {f"guided{count}_random": world.accuracy(one.network, "random") for count, one in done.items()}
    before = world.accuracy(world.vanilla, "random")
    return {
        **found,
        f"guided{most}_inverted": world.accuracy(done[most].network, "inverted"),
        f"guided{most}_clean": world.accuracy(done[most].network, "clean"),
        "control_random": world.accuracy(done[most].control(), "random"),
        "delivered_minus_vanilla": min(value - before for value in found.values()),
    }


def finetuned(decoy: PictureDecoy, strategy: str, masks: Sequence[int]) -> Figures:
    """Measure models that were trained on from the weights of the fooled one."""
    world = World(decoy.recipe())
    found = {count: world.retrained(strategy, decoy.marks(count), "champion") for count in masks}
    before = world.accuracy(world.vanilla, "random")
    after = {f"finetune{count}_random": world.accuracy(one.network, "random") for count, one in found.items()}
    return {**after, "delivered_minus_vanilla": min(value - before for value in after.values())}


def careless(decoy: PictureDecoy, strategy: str, masks: Sequence[int]) -> Figures:
    """Measure models that learnt from marks elsewhere, too large, too small; and whether too large ones were named."""
    world, most = World(decoy.recipe()), max(masks)
    wrong, dilated, shrunk = (
        world.retrained(strategy, decoy.marks(most, quality)) for quality in ("wrong", "dilated", "shrunk")
    )
    warned = any(warning.problem == "oversized" for warning in dilated.done.outcome.warnings)
    return {
        "wrong20_random": world.accuracy(wrong.network, "random"),
        "dilated_random": world.accuracy(dilated.network, "random"),
        "dilated_warned": float(warned),
        "shrunk_random": world.accuracy(shrunk.network, "random"),
    }


def seconds(decoy: PictureDecoy, strategy: str, masks: Sequence[int]) -> Figures:
    """Time a retraining with the most marks."""
    world, most = World(decoy.recipe()), max(masks)
    world.recipe.build()
    _ = world.vanilla
    return {f"seconds{most}": world.retrained(strategy, decoy.marks(most)).seconds}


Part = Callable[[PictureDecoy, str, Sequence[int]], Figures]
"""(one seed, strategy, numbers of marks) -> its figures."""
FREE: Mapping[str, Part] = {"vanilla": vanilla, "found": precision_and_recall}
"""What is measured once, whatever the strategy."""
PARTS: Mapping[str, Part] = {
    "guided": guided,
    "finetuned": finetuned,
    "careless": careless,
    "spread": spread_random,
    "seconds": seconds,
}
"""What is measured of each strategy."""
ALL: Mapping[str, Part] = {**FREE, **PARTS}
TIMED = ("seconds",)
"""Parts that need the machine for themselves."""
