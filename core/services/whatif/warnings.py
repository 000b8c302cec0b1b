"""What to say of an edited case before its answer is taken seriously."""

from collections.abc import Mapping, Sequence

from core.contracts import FieldView, PopulationView


def warnings(fields: Sequence[FieldView], populations: Mapping[str, PopulationView]) -> tuple[str, ...]:
    """Return sentences about edited fields: beyond the training cases, or a text that is cut off."""
    return tuple(words for item in fields if (words := _of_field(item, populations.get(item.name))))


def _of_field(item: FieldView, population: PopulationView | None) -> str:
    edges = population.edges if population else ()
    if item.number is not None and edges and not edges[0] <= item.number <= edges[-1]:
        return (
            f"{item.title} lies beyond nearly all cases that the model was trained on ({edges[0]:g} to {edges[-1]:g})."
        )
    if item.read_until is not None:
        return f"The model reads {item.title} up to character {item.read_until:,}; what follows changes nothing."
    return ""
