"""For whom a version is wrong: slices and the error tree, found once for equal answers and labels."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.contracts import Case, ErrorNode, SliceView
from core.fairness.error_tree import error_tree
from core.fairness.intervals import Booleans
from core.fairness.slices import Slice, SliceSearch, find_known_and_alike, find_slices
from core.models.registry import LoadedModel
from core.services.runtime import Cache
from core.services.trust.answers import Judged
from core.services.trust.columns import LABEL, Columns

SHOWN_CASES = 12
MOST_OF_LABELS = 3
"""Subgroups of one reference label that are told after those that can be known before the answer."""
Key = tuple[int, str, int, tuple[int, int]]
"""Version, target, latest label, state of the inputs."""


@dataclass(frozen=True, slots=True)
class Errors:
    """What was found of a version's wrong answers."""

    slices: tuple[SliceView, ...]
    note: str
    tree: tuple[ErrorNode, ...]


@dataclass(frozen=True, slots=True)
class ErrorFinder:
    """Looks for subgroups in which a version is wrong more often."""

    columns: Columns
    kept: Cache[Key, Errors] = field(default_factory=lambda: Cache(32))

    def find(self, key: Key, judged: Judged, model: LoadedModel) -> Errors:
        """Return slices and error tree of the judged cases; what was found stays under `key`."""
        return self.kept.get(key, lambda: self._find(judged, model))

    def _find(self, judged: Judged, model: LoadedModel) -> Errors:
        minimum, count = model.spec.gate.minimum_group, len(judged.cases)
        if count < 2 * minimum:
            needed = (
                f"it takes {2 * minimum} ledger cases with a reference label to look for subgroups; there are {count}"
            )
            return Errors((), needed, ())
        columns = self.columns.of(judged, model, minimum)
        groups = [case.group for case in judged.cases]
        seed = model.spec.split.seed
        foreseen = [column for column in columns if column.name != LABEL]
        search = find_known_and_alike(judged.wrong, foreseen, groups, minimum=minimum, seed=seed)
        named = [column for column in columns if column.name]
        of_labels = find_slices(judged.wrong, named, groups, minimum=minimum, seed=seed)
        labelled = [one for one in of_labels.found if LABEL in one.words][:MOST_OF_LABELS]
        tree = error_tree(judged.wrong, foreseen, minimum=minimum, seed=seed)
        views = tuple(view_of(one, judged.cases, judged.wrong) for one in (*search.found, *labelled))
        nearest = min(
            (one for one in (search.worst, of_labels.worst) if one), key=lambda one: one.p_value, default=None
        )
        all_found = SliceSearch((*search.found, *labelled), search.looked_at + of_labels.looked_at, nearest)
        return Errors(views, note(all_found, judged.wrong), tree)


def note(search: SliceSearch, wrong: Booleans, nothing: str = "no answer on the {n} ledger cases is wrong") -> str:
    """Return how many subgroups were looked at and, where none is worse beyond chance, which came nearest."""
    if not wrong.any():
        return nothing.format(n=len(wrong))
    looked = f"{search.looked_at:,} subgroups were looked at"
    if search.found or search.worst is None:
        return looked
    near = f"{search.worst.words}: {search.worst.error.value:.2f} wrong against {search.worst.elsewhere.value:.2f}"
    return f"{looked}; none is worse beyond chance (the nearest: {near}, p = {search.worst.p_value:.2f})"


def view_of(one: Slice, cases: Sequence[Case], wrong: Booleans) -> SliceView:
    """Return a subgroup of `cases` with the names of some that are wrong."""
    names = [case.name for case, inside, bad in zip(cases, one.inside, wrong, strict=True) if inside & bad]
    return SliceView(one.words, one.error, one.elsewhere, one.difference, one.p_value, tuple(names[:SHOWN_CASES]))
