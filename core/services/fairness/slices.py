"""The subgroups with more missed positives, and those with more false alarms, found once for equal answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress

from core.contracts import SliceView
from core.fairness.columns import Column, taken
from core.fairness.intervals import Booleans
from core.fairness.outcomes import Outcomes
from core.fairness.slices import find_known_and_alike
from core.models.registry import LoadedModel
from core.services.runtime import Cache
from core.services.trust.answers import Judged
from core.services.trust.columns import LABEL, Columns
from core.services.trust.errors import Key, note, view_of

FairKey = tuple[Key, str]


@dataclass(frozen=True, slots=True)
class Sided:
    """Subgroups for one kind of error."""

    slices: tuple[SliceView, ...]
    note: str


@dataclass(frozen=True, slots=True)
class BothSides:
    """Subgroups with more missed positives, and with more false alarms."""

    missed: Sided
    false_alarms: Sided


@dataclass(frozen=True, slots=True)
class SideFinder:
    """Looks for subgroups in which positives are missed, or negatives raise false alarms, more often."""

    columns: Columns
    kept: Cache[FairKey, BothSides] = field(default_factory=lambda: Cache(32))

    def find(self, key: Key, positive: str, judged: Judged, outcomes: Outcomes, model: LoadedModel) -> BothSides:
        """Return both kinds for the judged cases; what was found stays under `key` and `positive`."""
        return self.kept.get((key, positive), lambda: self._find(judged, outcomes, model))

    def _find(self, judged: Judged, outcomes: Outcomes, model: LoadedModel) -> BothSides:
        minimum = model.spec.gate.minimum_group
        columns = [one for one in self.columns.of(judged, model, minimum) if one.name != LABEL]
        truth, selected = outcomes.truth, outcomes.selected
        return BothSides(
            _among("positive", truth, ~selected, judged, columns, model),
            _among("negative", ~truth, selected, judged, columns, model),
        )


def _among(
    words: str, about: Booleans, wrong: Booleans, judged: Judged, columns: Sequence[Column], model: LoadedModel
) -> Sided:
    """Search among the cases that an error is about."""
    minimum, cases = model.spec.gate.minimum_group, tuple(compress(judged.cases, about))
    if len(cases) < 2 * minimum:
        return Sided((), f"it takes {2 * minimum} {words} ledger cases to look for subgroups; there are {len(cases)}")
    own, groups = wrong[about], [case.group for case in cases]
    seed, kept = model.spec.split.seed, [taken(column, about) for column in columns]
    search = find_known_and_alike(own, kept, groups, minimum=minimum, seed=seed)
    nothing = f"no answer on the {{n}} {words} ledger cases is wrong"
    return Sided(tuple(view_of(one, cases, own) for one in search.found), note(search, own, nothing))
