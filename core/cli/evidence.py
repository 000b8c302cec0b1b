"""What the command `explain` is told beside the method, and how it tells what it measured."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from core.contracts import EvidenceQualityView, OptionValue
from core.errors import BadInput

if TYPE_CHECKING:
    from core.services.predictions import ExplainedCase

DEFAULT = "neutral"
"""The baseline that is meant when none is named."""


def options_of(given: Iterable[str]) -> dict[str, OptionValue]:
    """Return the options of a method, each given as NAME=VALUE: whole numbers, numbers, else words.

    Raises
    ------
    BadInput
        When one has no name or no value.

    Examples
    --------
    >>> options_of(["samples=50", "noise=0.1"])
    {'samples': 50, 'noise': 0.1}
    """
    found: dict[str, OptionValue] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise BadInput(f"--option must be NAME=VALUE, got {text!r}. For example --option max_steps=256.")
        found[name.strip()] = _value(value.strip())
    return found


def _value(text: str) -> OptionValue:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def wishes_object(explained: "ExplainedCase") -> dict[str, object]:
    """Return what was asked beside method and label, as JSON: nothing where all is as usual."""
    baseline = explained.baseline if explained.baseline != DEFAULT else None
    found = {"against": explained.against, "baseline": baseline, "reference": explained.reference}
    return {name: value for name, value in (found | {"options": dict(explained.options)}).items() if value}


def quality_lines(quality: EvidenceQualityView) -> list[str]:
    """Return how far an explanation can be trusted, in lines."""
    lines = [
        f"{one.curve}, filled with {one.fill}: area {one.area:.3f}; random maps {one.random.value:.3f} "
        f"({one.random.low:.3f} to {one.random.high:.3f}, n {one.random.n})"
        for one in quality.comparisons
    ]
    if quality.stability is not None:
        stable = quality.stability
        lines.append(f"stability: {stable.value:.3f} ({stable.low:.3f} to {stable.high:.3f}, n {stable.n})")
    lines += [f"with the baseline {one.baseline}: rank correlation {one.correlation:.3f}" for one in quality.dependence]
    return [*lines, *quality.warnings]
