"""The fairness page as verbs."""

from dataclasses import dataclass, field, replace

from core.contracts import (
    Actor,
    AttributeFairness,
    FairnessView,
    GapMetric,
    RunView,
    TargetSpec,
    TradeOffView,
    Version,
    Workspace,
    WorkspaceSpec,
)
from core.errors import BadInput
from core.services.catalogue import Catalogue, target_of
from core.services.fairness.asked import NO_ATTRIBUTE, USUAL
from core.services.fairness.slices import BothSides, SideFinder
from core.services.fairness.trade_off import TradeOff
from core.services.fairness.view import measure, seen_from, sensitive
from core.services.runtime import Cache, Runtime
from core.services.scoring import Scoring
from core.services.trust.errors import ErrorFinder, Key
from core.services.trust.judging import judged_on
from core.services.trust.trust import NO_LABELS, NOTHING_SERVES
from core.storage import versions


@dataclass(frozen=True, slots=True)
class Fairness:
    """For whom a version is better or worse."""

    runtime: Runtime
    catalogue: Catalogue
    scoring: Scoring
    errors: ErrorFinder
    sides: SideFinder
    trade: TradeOff
    kept: Cache[tuple[Key, str, int], tuple[AttributeFairness, ...]] = field(default_factory=lambda: Cache(32))

    def view(
        self, workspace: str, *, version: str | None = None, target: str | None = None, positive: str | None = None
    ) -> FairnessView:
        """Return the fairness page of a version, of the champion when none is named.

        Raises
        ------
        NotFound
            When there is no such workspace, version or target.
        BadInput
            When `positive` is no class of the target.
        """
        with self.runtime.database.read() as tx:
            found, spec = self.catalogue.workspace(tx, workspace)
            known = tuple(one.name for one in reversed(versions.list_versions(tx, found.id)))
            name = version or found.champion
            stored = None if name is None else versions.get(tx, found.id, name)
        asked = spec.targets[0] if target is None else target_of(spec, target)
        label = _positive(asked, positive)
        if stored is None:
            return _blank(found, spec, known, asked, label)
        return self._of_version(found, spec, known, asked, label, stored)

    def trade_off(
        self,
        workspace: str,
        *,
        target: str | None = None,
        attribute: str | None = None,
        metric: GapMetric | None = None,
    ) -> TradeOffView:
        """Return the trade-off as it stands; see `TradeOff.trade_off`."""
        return self.trade.trade_off(workspace, target=target, attribute=attribute, metric=metric)

    def search(
        self,
        workspace: str,
        *,
        actor: Actor,
        target: str | None = None,
        attribute: str | None = None,
        metric: GapMetric = USUAL,
    ) -> TradeOffView:
        """Ask the worker to train models along the trade-off; see `TradeOff.search`."""
        return self.trade.search(workspace, actor=actor, target=target, attribute=attribute, metric=metric)

    def cancel(self, workspace: str, *, actor: Actor) -> None:
        """Ask the running search to stop; see `TradeOff.cancel`."""
        self.trade.cancel(workspace, actor=actor)

    def choose(self, workspace: str, point: int, *, actor: Actor) -> RunView:
        """Make a point a candidate; see `TradeOff.choose`."""
        return self.trade.choose(workspace, point, actor=actor)

    def _of_version(
        self,
        workspace: Workspace,
        spec: WorkspaceSpec,
        known: tuple[str, ...],
        target: TargetSpec,
        positive: str,
        version: Version,
    ) -> FairnessView:
        self.scoring.score(workspace.name, version.name)
        model = self.catalogue.model(workspace, version.name)
        with self.runtime.database.read() as tx:
            key, judged, _ = judged_on(tx, self.catalogue, workspace, target, version)
        outcomes = seen_from(judged, model.manifest.target(target.name), positive)
        errors = self.errors.find(key, judged, model)
        sides = self.sides.find(key, positive, judged, outcomes, model)
        note = "" if sensitive(spec) else NO_ATTRIBUTE
        return replace(
            _blank(workspace, spec, known, target, positive),
            version=version.name,
            attributes=self.kept.get((key, positive, workspace.revision_id), lambda: measure(judged, spec, outcomes)),
            slices=errors.slices,
            missed=sides.missed.slices,
            false_alarms=sides.false_alarms.slices,
            slice_note=_notes(errors.note, sides),
            n=len(judged.cases),
            note=note if judged.cases else NO_LABELS,
        )


def _notes(errors: str, sides: BothSides) -> str:
    parts = (("Wrong answers", errors), ("Missed", sides.missed.note), ("False alarms", sides.false_alarms.note))
    return " ".join(f"{name}: {words}." for name, words in parts)


def _positive(target: TargetSpec, asked: str | None) -> str:
    if asked is not None and asked not in target.classes:
        raise BadInput(f"{asked!r} is no class of {target.name}. Classes: {', '.join(target.classes)}.")
    return asked or target.positive_class


def _blank(
    workspace: Workspace, spec: WorkspaceSpec, known: tuple[str, ...], target: TargetSpec, positive: str
) -> FairnessView:
    return FairnessView(
        workspace=workspace.name,
        version=None,
        versions=known,
        target=target.name,
        targets=tuple(one.name for one in spec.targets),
        positive=positive,
        classes=target.classes,
        display=tuple(target.display.get(label, label) for label in target.classes),
        attributes=(),
        slices=(),
        missed=(),
        false_alarms=(),
        slice_note="",
        n=0,
        note=NOTHING_SERVES,
    )
