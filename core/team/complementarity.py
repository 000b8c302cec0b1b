"""Person alone, model alone and both together on the same cases, for all of them and for cuts of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.contracts import TeamRow
from core.team.intervals import clusters_of
from core.team.measures.registry import team_measures
from core.team.outcomes import Booleans, Outcomes


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Some of the reads, by words."""

    words: str
    chosen: Booleans
    """[n]"""


def by_reader(outcomes: Outcomes, experience: Mapping[str, str]) -> tuple[Cut, ...]:
    """Return a cut for each reader, then one for each experience that somebody has.

    `experience` is pseudonym -> experience; empty where unknown.
    """
    names = sorted(set(outcomes.readers.tolist()), key=_number)
    own = np.asarray([experience.get(name, "") for name in outcomes.readers.tolist()], dtype=object)
    levels = sorted({experience.get(name, "") for name in names} - {""})
    return (
        *(Cut(f"reader {name}", np.asarray(outcomes.readers == name)) for name in names),
        *(Cut(f"experience {level}", np.asarray(own == level, dtype=bool)) for level in levels),
    )


def by_group(attributes: Sequence[Mapping[str, str]], names: Sequence[str]) -> tuple[Cut, ...]:
    """Return a cut for each group of the attributes `names`; `attributes` [n] are those of each read's case."""
    cuts = []
    for name in names:
        own = np.asarray([row.get(name, "") for row in attributes], dtype=object)
        groups = sorted({str(group) for group in own} - {""})
        cuts += [Cut(f"{name} {group}", np.asarray(own == group, dtype=bool)) for group in groups]
    return tuple(cuts)


def team_row(outcomes: Outcomes, words: str, minimum: int) -> TeamRow:
    """Return the row of some reads; fewer than `minimum` cases are too few to compare."""
    clusters = clusters_of(outcomes)
    figures = {measure.name: measure.measure(outcomes, clusters) for measure in team_measures()}
    cases = len(np.unique(outcomes.cases))
    return TeamRow(cut=words, cases=cases, reads=len(outcomes), small=cases < minimum, **figures)


def team_rows(outcomes: Outcomes, cuts: Sequence[Cut], minimum: int) -> tuple[TeamRow, ...]:
    """Return the row of all reads, then that of each cut that holds any; no rows at all without reads."""
    if not len(outcomes):
        return ()
    inside = (cut for cut in cuts if cut.chosen.any())
    cut_rows = (team_row(outcomes.subset(cut.chosen), cut.words, minimum) for cut in inside)
    return team_row(outcomes, "all", minimum), *cut_rows


def _number(pseudonym: str) -> tuple[int, str]:
    digits = pseudonym.removeprefix("R")
    return (int(digits), "") if digits.isdecimal() else (0, pseudonym)
