"""Reasons why a strategy does not fit, in plain words."""

from core.learning.strategies.base import NO_MARKS, StrategyContext


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
