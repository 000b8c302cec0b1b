"""Whether a method says the same when it is asked again."""

from collections.abc import Mapping

from explain.base import Explainer, OptionValue

SEED = "seed"
"""The option by which a method that draws at random is told what to draw."""
CHECKED = 3
"""Cases on which a method without a seed is asked again: it should give the very same map."""


def draws_at_random(method: Explainer) -> bool:
    """Return whether the method has a seed."""
    return any(option.name == SEED for option in method.config_spec())


def reseeded(method: Explainer) -> Mapping[str, OptionValue]:
    """Return options that differ from the defaults in the seed alone; none for a method without one."""
    return {option.name: int(option.default) + 1 for option in method.config_spec() if option.name == SEED}
