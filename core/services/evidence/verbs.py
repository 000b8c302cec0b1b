"""Evidence and what can be asked of it, for pages and programs: nothing before the person's own read."""

from dataclasses import dataclass, replace
from typing import get_args

from core.contracts import (
    Actor,
    BaselineView,
    Case,
    ConceptSensitivityView,
    ConceptView,
    EvidenceForm,
    EvidenceQualityView,
    EvidenceView,
    Fill,
    InfluenceView,
    MarkForm,
    MethodView,
    PathView,
    RemovalView,
)
from core.errors import BadInput, Refused
from core.services.catalogue import Catalogue, target_of
from core.services.concepts import Concepts
from core.services.evidence import baselines
from core.services.evidence.asking import Wishes
from core.services.evidence.asking import asked as checked
from core.services.evidence.keeping import Asked
from core.services.evidence.path import METHOD as PATH_METHOD
from core.services.evidence.path import Path
from core.services.evidence.quality import Quality
from core.services.evidence.regions import hottest, marked
from core.services.evidence.removal import Removing
from core.services.explaining import Explaining
from core.services.influence import Influence
from core.services.reading_modes.revealing import TRAINING, Revealing, Told
from core.services.runtime import Runtime
from core.services.unread import unread

COARSE = "grad_cam"
"""The quick method."""
QUICK_SECONDS = 0.5
"""A method that takes no longer needs no quick map before it."""

MOST_TAUGHT = 50
"""Most training cases that are named each way."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The verbs of evidence."""

    runtime: Runtime
    catalogue: Catalogue
    explaining: Explaining
    measuring: Quality
    removing: Removing
    paths: Path
    taught: Influence
    collected: Concepts

    def methods(self, workspace: str, case: str, *, actor: Actor) -> tuple[MethodView, ...]:
        """Return the methods that fit the champion and this case, best supported first."""
        opened = self._open(workspace, case, actor, shown_only=True)
        return self.explaining.methods.views(opened.model, opened.case)

    def baselines(self, workspace: str, case: str, *, actor: Actor) -> tuple[BaselineView, ...]:
        """Return the meanings of 'absent' that can be chosen for this case, the default first."""
        opened = self._open(workspace, case, actor, shown_only=True)
        target = opened.model.manifest.targets[0].target
        return baselines.choices(self.explaining.question(opened.model, opened.case, target).subject)

    def explain(self, form: EvidenceForm, *, actor: Actor) -> EvidenceView:
        """Explain; kept across sessions and restarts; two sessions that ask the same compute it once."""
        return self.explaining.view(self.explaining.explain(self._asked(form, actor, shown_only=True)))

    def stop(self, form: EvidenceForm, *, actor: Actor) -> bool:
        """Take back a question that `explain` is at; the work ends when nobody else waits for it.

        Returns
        -------
        bool
            Whether such an explanation was under way; who waited for it gets `Unavailable`.
        """
        return self.explaining.stop(self._asked(form, actor, shown_only=True))

    def coarse(self, form: EvidenceForm, *, actor: Actor) -> EvidenceView | None:
        """Return a quick map (Grad-CAM) to show until `explain` is done.

        None when it does not fit or is not supported here, or when the map that was asked for is at hand or is quick
        itself.
        """
        exact = self._asked(form, actor, shown_only=True)
        views = {view.name: view for view in self.explaining.methods.views(exact.model, exact.case, exact.target)}
        quick, wanted = views.get(COARSE), views.get(exact.method.name)
        if quick is None or quick.support == "not supported" or exact.method.name == COARSE:
            return None
        if (wanted is not None and (wanted.seconds or 0.0) <= QUICK_SECONDS) or self.explaining.kept(exact):
            return None
        wishes = Wishes(COARSE, exact.label, exact.against)
        coarse = checked(self.explaining, exact.model, exact.case, exact.target, wishes)
        return self.explaining.view(self.explaining.explain(coarse), coarse=True)

    def quality(self, form: EvidenceForm, *, actor: Actor) -> EvidenceQualityView:
        """Measure how far this explanation can be trusted; kept like the explanation."""
        return self.measuring.measure(self._asked(form, actor))

    def remove(
        self, form: EvidenceForm, *, actor: Actor, region: tuple[MarkForm, ...] = (), fill: Fill = "blur"
    ) -> RemovalView:
        """Remove a region and predict again; without a region, the hottest twentieth of the explanation."""
        if fill not in get_args(Fill):
            raise BadInput(f"A region is filled with one of {', '.join(get_args(Fill))}, got {fill!r}.")
        asked = self._asked(form, actor)
        model, case, casebook = asked.model, asked.case, self.explaining.casebook
        if region:
            masks = marked(region, case, model.spec, casebook)
        else:
            question = self.explaining.question(model, case, asked.target)
            masks = hottest(self.explaining.explain(asked).attribution, question, case, model.spec, casebook)
        return self.removing.remove(model, case, asked.target, masks, fill)

    def path(self, form: EvidenceForm, *, actor: Actor, steps: int = 12) -> PathView:
        """Return integrated gradients as they add up from the baseline (place 0) to the input, `steps` + 1 places."""
        options = form.options if form.method == PATH_METHOD else {}
        asked = self._asked(replace(form, method=PATH_METHOD, options=options), actor)
        self.explaining.methods.check_fit(asked.model, asked.case, asked.method)
        return self.paths.view(asked, steps)

    def influence(self, form: EvidenceForm, *, actor: Actor, limit: int = 6) -> InfluenceView:
        """Return the training cases that taught the model this answer (`form.label`, else its own)."""
        if not 1 <= limit <= MOST_TAUGHT:
            raise BadInput(f"Between 1 and {MOST_TAUGHT} training cases can be asked for, got {limit}.")
        opened = self._open(form.workspace, form.case, actor, target=form.target)
        target = target_of(opened.spec, form.target)
        label = form.label or self.explaining.label(opened.model, opened.case, target.name)
        return self.taught.view(opened.workspace, opened.model, opened.case, target, label, actor=actor, limit=limit)

    def concepts(self, workspace: str) -> tuple[ConceptView, ...]:
        """Return the concepts that people collected."""
        return self.collected.list(workspace)

    def collect(self, workspace: str, concept: str, case: str, *, actor: Actor, present: bool | None = True) -> None:
        """Put a case into a concept (`present`), into its counter-examples (False), or take it out (None)."""
        self.collected.collect(workspace, concept, case, actor=actor, present=present)

    def concept_sensitivity(
        self, workspace: str, concept: str, target: str, label: str, *, actor: Actor
    ) -> ConceptSensitivityView:
        """Measure how the champion's answer depends on a concept (TCAV)."""
        return self.collected.sensitivity(workspace, concept, target, label)

    def _open(
        self, workspace: str, case: str, actor: Actor, *, shown_only: bool = False, target: str | None = None
    ) -> Told:
        """Return a case with the champion, once this person may know of it; `shown_only` for what is on the screen.

        Raises
        ------
        Refused
            Before the read is committed, and where the reading mode keeps the model silent.
        """
        revealing = Revealing(self.runtime, self.catalogue, self.explaining)
        return revealing.open(workspace, case, actor, shown_only=shown_only, target=target)

    def _asked(self, form: EvidenceForm, actor: Actor, *, shown_only: bool = False) -> Asked:
        opened = self._open(form.workspace, form.case, actor, shown_only=shown_only, target=form.target)
        target = target_of(opened.spec, form.target).name
        if opened.bound:
            form = self._bound(form, opened, target)
        wishes = Wishes(form.method, form.label, form.against, form.baseline, form.reference, form.options)
        asked = checked(self.explaining, opened.model, opened.case, target, wishes)
        if asked.reference is not None:
            self._check_reference(opened, asked.reference, actor)
        return asked

    def _bound(self, form: EvidenceForm, opened: Told, target: str) -> EvidenceForm:
        """Return the question for the label that is shown to a person in training; refuse any other.

        Raises
        ------
        Refused
            When another label, or a contrast between labels, is asked for.
        """
        shown = opened.instead.get(target) or self.explaining.label(opened.model, opened.case, target)
        if form.label not in (None, shown) or form.against is not None:
            raise Refused(TRAINING)
        return replace(form, label=shown)

    def _check_reference(self, opened: Told, reference: Case, actor: Actor) -> None:
        """Refuse a reference case that this person may still have to read blind: values add up to its answer's logit.

        Raises
        ------
        Refused
            Names the case.
        """
        with self.runtime.database.read() as tx:
            blind = unread(tx, opened.workspace, opened.spec, (reference,), actor)
        if blind:
            raise Refused(
                f"Case {reference.name!r} can be a baseline after your own read of it: the values would tell what the "
                "model answers there. Choose another case."
            )
