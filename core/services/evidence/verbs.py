"""Evidence and what can be asked of it, for pages and programs: nothing before the person's own read."""

from dataclasses import dataclass

from core.contracts import Actor, BaselineView, Case, EvidenceForm, EvidenceView, MethodView, Workspace, WorkspaceSpec
from core.models.registry import LoadedModel
from core.services.catalogue import Catalogue, target_of
from core.services.evidence import baselines
from core.services.evidence.asking import Wishes, asked
from core.services.evidence.keeping import Asked
from core.services.explaining import Explaining
from core.services.runtime import Runtime
from core.services.verdicts import require_reads
from core.storage import reads

COARSE = "grad_cam"
"""The quick method."""
QUICK_SECONDS = 0.5
"""A method that takes no longer needs no quick map before it."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A case whose evidence is due."""

    workspace: Workspace
    spec: WorkspaceSpec
    model: LoadedModel
    case: Case


@dataclass(frozen=True, slots=True)
class Evidence:
    """The verbs of evidence."""

    runtime: Runtime
    catalogue: Catalogue
    explaining: Explaining

    def methods(self, workspace: str, case: str, *, actor: Actor) -> tuple[MethodView, ...]:
        """Return the methods that fit the champion and this case, best supported first."""
        opened = self._open(workspace, case, actor)
        return self.explaining.methods.views(opened.model, opened.case)

    def baselines(self, workspace: str, case: str, *, actor: Actor) -> tuple[BaselineView, ...]:
        """Return the meanings of 'absent' that can be chosen for this case, the default first."""
        opened = self._open(workspace, case, actor)
        target = opened.model.manifest.targets[0].target
        return baselines.choices(self.explaining.question(opened.model, opened.case, target).subject)

    def explain(self, form: EvidenceForm, *, actor: Actor) -> EvidenceView:
        """Explain; kept across sessions and restarts; two sessions that ask the same compute it once."""
        return self.explaining.view(self.explaining.explain(self._asked(form, actor)))

    def coarse(self, form: EvidenceForm, *, actor: Actor) -> EvidenceView | None:
        """Return a quick map (Grad-CAM) to show until `explain` is done.

        None when it does not fit or is not supported here, or when the map that was asked for is at hand or is quick
        itself.
        """
        exact = self._asked(form, actor)
        views = {view.name: view for view in self.explaining.methods.views(exact.model, exact.case, exact.target)}
        quick, wanted = views.get(COARSE), views.get(exact.method.name)
        if quick is None or quick.support == "not supported" or exact.method.name == COARSE:
            return None
        if (wanted is not None and (wanted.seconds or 0.0) <= QUICK_SECONDS) or self.explaining.kept(exact):
            return None
        wishes = Wishes(COARSE, exact.label, exact.against)
        coarse = asked(self.explaining, exact.model, exact.case, exact.target, wishes)
        return self.explaining.view(self.explaining.explain(coarse), coarse=True)

    def _open(self, workspace: str, case: str, actor: Actor) -> Opened:
        """Return a case with the champion, once this person's read is on record.

        Raises
        ------
        Refused
            Before the read is committed, in the blinded-first mode.
        """
        with self.runtime.database.read() as tx:
            found, spec, stored = self.catalogue.case(tx, workspace, case)
            done = {read.target for read in reads.of_case(tx, stored.id, actor.id)}
        require_reads(spec, done)
        return Opened(found, spec, self.catalogue.model(found), stored)

    def _asked(self, form: EvidenceForm, actor: Actor) -> Asked:
        opened = self._open(form.workspace, form.case, actor)
        target = target_of(opened.spec, form.target).name
        wishes = Wishes(form.method, form.label, form.against, form.baseline, form.reference, form.options)
        return asked(self.explaining, opened.model, opened.case, target, wishes)
