"""What is said about the standing marks before they train a model, and which strategies fit them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch

from core.contracts import Case, MarkWarning, Region, StrategyChoice, Workspace, WorkspaceSpec
from core.errors import Refused
from core.fairness.membership import grouped_by, membership
from core.learning.assembly import TrainingSet, assemble
from core.learning.mark_checks import check_marks, named
from core.learning.marks import MarkedExamples
from core.learning.strategies.base import Strategy, StrategyContext
from core.learning.strategies.registry import strategies
from core.models.examples import Examples
from core.services.casebook import Casebook, References
from core.services.catalogue import Catalogue
from core.services.embeddings import Silent
from core.services.runtime import Cache, Runtime
from core.storage import cases, labels, regions

SPREAD = 120
"""Accepted proposals that are looked at on the page beside people's own marks; a run looks at all of them."""
COMPARED = 240
"""Training cases that the marks are compared with on the page; a run compares with all of them."""
Key = tuple[int, str | None, tuple[int, ...], tuple[tuple[int, int, str | None], ...]]
"""Revision, champion, state of labels and inputs, and the marks."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The standing marks, as far as they may train, looked at."""

    warnings: tuple[MarkWarning, ...]
    strategies: tuple[StrategyChoice, ...]


@dataclass(frozen=True, slots=True)
class MarkChecking:
    """Looks at the standing marks of a workspace; kept until they change."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    kept: Cache[Key, Checked] = field(default_factory=lambda: Cache(16))

    def check(self, workspace: str) -> Checked:
        """Return what to look at before training, and what fits."""
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            marks = regions.standing(tx, found.id)
            state = (labels.newest(tx, found.id), *cases.state_of_inputs(tx, found.id))
        content = tuple((mark.id, mark.case_id, mark.mark.mask) for mark in marks)
        key = (found.revision_id, found.champion, state, content)
        return self.kept.get(key, lambda: self._checked(found, spec, marks))

    def _checked(self, workspace: Workspace, spec: WorkspaceSpec, standing: Sequence[Region]) -> Checked:
        with self.runtime.database.read() as tx:
            usable = self.catalogue.cases(tx, workspace)
            references = self.catalogue.references(tx, workspace)
        known = {case.id: case for case in usable}
        chosen = _chosen(usable, references, [mark for mark in standing if mark.case_id in known])
        used = set(chosen.marked)
        marks = _looked_at([mark for mark in standing if mark.case_id in used])
        marked = self.casebook.marked(known, marks, spec, references)
        compared = _sample([*chosen.train, *chosen.feedback]) if marks else []
        train = self.casebook.examples([known[case_id] for case_id in compared], spec, references)
        warnings = check_marks(marked, train, spec) if marks else ()
        names = {case_id: case.name for case_id, case in known.items()}
        learnt = [known[case_id] for case_id in (*chosen.train, *chosen.feedback)]
        return Checked(named(warnings, names), self._choices(workspace, spec, marked, train, learnt))

    def _choices(
        self,
        workspace: Workspace,
        spec: WorkspaceSpec,
        marked: MarkedExamples,
        train: Examples,
        learnt: Sequence[Case],
    ) -> tuple[StrategyChoice, ...]:
        """Return every strategy, with why it does not fit where it does not."""
        context = None
        if workspace.champion is not None:
            network = self.catalogue.model(workspace).network
            context = StrategyContext(
                spec, network, train, train, marked, lambda examples: examples, self.runtime.device, 0, Silent()
            )
            rows = [case.attributes for case in learnt]
            context = replace(context, groups=tuple(membership(rows, [], name) for name in grouped_by(spec)))
        return tuple(_choice(item, item.fits(context) if context is not None else None) for item in strategies())


def _chosen(usable: Sequence[Case], references: References, marks: Sequence[Region]) -> TrainingSet:
    try:
        return assemble(usable, references, marks, use_regions=True)
    except Refused:  # nothing to train on yet: the start of a run says so
        return TrainingSet((), (), (), ())


def _choice(item: Strategy, reason: str | None) -> StrategyChoice:
    return StrategyChoice(item.name, item.title, item.words, item.family, item.cost, reason)


def _looked_at(marks: Sequence[Region]) -> list[Region]:
    """Return people's marks, and accepted proposals evenly drawn."""
    own = [mark for mark in marks if mark.verdict_id is not None]
    spread = [mark for mark in marks if mark.verdict_id is None]
    return [*own, *spread[:: max(1, -(-len(spread) // SPREAD))]]


def _sample(ids: Sequence[int]) -> list[int]:
    order = torch.randperm(len(ids), generator=torch.Generator().manual_seed(0))[:COMPARED]
    return [ids[int(i)] for i in order]
