"""Reasons why a strategy does not fit, in plain words, and what comes of it."""

from collections.abc import Callable

from core.errors import Refused
from core.learning.strategies.base import NO_MARKS, Strategy, StrategyContext, supervised
from core.models.training import Objective


def fitting_objective(
    strategy: Strategy, context: StrategyContext, build: Callable[[StrategyContext], Objective]
) -> Objective:
    """Return what `build` makes where a strategy on marks fits, and that on labels alone without any mark.

    Raises
    ------
    Refused
        When there are marks and the strategy does not fit.
    """
    if not len(context.marked):
        return supervised(context)
    reason = strategy.fits(context)
    if reason is not None:
        raise Refused(f"Strategy {strategy.name!r} can't be used here. {reason}")
    return build(context)


def needs_marks(context: StrategyContext) -> str | None:
    """Return why a strategy that learns from marks does not fit, if so."""
    return None if len(context.marked) else NO_MARKS


def needs_ignore(context: StrategyContext) -> str | None:
    """Return why a strategy that learns from *ignore* marks does not fit, if so."""
    if not len(context.marked):
        return NO_MARKS
    if len(context.marked.with_ignore()):
        return None
    return (
        "All marks say *look here*, and this strategy learns from *ignore* marks. Mark what the model should not use."
    )


def needs_trained_marks(context: StrategyContext) -> str | None:
    """Return why a strategy that needs gradients at the marked places does not fit, if so."""
    if not len(context.marked):
        return NO_MARKS
    frozen = context.network.frozen_fields
    if any(marked_anywhere(context, field) for field in context.network.fields if field not in frozen):
        return None
    return (
        f"The encoder of {', '.join(frozen)} is frozen, so no weight before the mark can learn from it. "
        "Use 'guided' or 'counterexamples', or train the last blocks too."
    )


def marked_anywhere(context: StrategyContext, field: str) -> bool:
    """Tell whether any case has a mark in `field`."""
    sides = (context.marked.ignore, context.marked.look)
    return any(field in side and bool(side[field].any()) for side in sides)
