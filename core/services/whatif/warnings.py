"""What to say of an edited case before its answer is taken seriously."""

from collections.abc import Mapping, Sequence

from core.contracts import FieldView, PopulationView

FAR = 0.02
"""A case is far from the training cases when no larger share of them lies in sparser places."""


def warnings(
    fields: Sequence[FieldView], populations: Mapping[str, PopulationView], plausibility: float | None
) -> tuple[str, ...]:
    """Return sentences about an edited case: beyond or far from the training cases, or a text that is cut off.

    `plausibility` is the share of training cases whose values lie in sparser places, None where that was not told.
    """
    found = [words for item in fields if (words := _of_field(item, populations.get(item.name)))]
    if plausibility is not None and plausibility <= FAR:
        share = "none" if plausibility == 0 else f"only {plausibility:.1%}"
        found.append(
            f"These values together are far from those of the training cases: {share} of them lie in sparser places. "
            "The model's answer is a guess there."
        )
    return tuple(found)


def _of_field(item: FieldView, population: PopulationView | None) -> str:
    edges = population.edges if population else ()
    if item.number is not None and edges and not edges[0] <= item.number <= edges[-1]:
        return (
            f"{item.title} lies beyond nearly all cases that the model was trained on ({edges[0]:g} to {edges[-1]:g})."
        )
    if item.read_until is not None:
        return f"The model reads {item.title} up to character {item.read_until:,}; what follows changes nothing."
    return ""
