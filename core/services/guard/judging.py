"""The one place where an answer is judged: whether it may be given, or is left to a person, and why."""

from dataclasses import dataclass, field, replace

from core.contracts import Case, Prediction, Version, Workspace, WorkspaceSpec
from core.guard.rules import CaseFacts, judged, silenced
from core.models.registry import LoadedModel
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.evidence.keeping import inputs_key
from core.services.guard.counting import Deferrals
from core.services.guard.fitting import Fitting, Guard, ask_to_route
from core.services.guard.seeing import Look, Seeing, missing_fields
from core.services.guard.suspending import silent_words
from core.services.runtime import Cache, Runtime
from core.storage import versions, workspaces

KEPT_FACTS = 2048


@dataclass(frozen=True, slots=True)
class Judging:
    """Judges answers by the rules of their version and of the workspace."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    fitting: Fitting
    facts: Cache[tuple[str, str, str], CaseFacts] = field(default_factory=lambda: Cache(KEPT_FACTS))

    def judge(
        self, model: LoadedModel, case: Case, prediction: Prediction, casebook: Casebook | None = None
    ) -> Prediction:
        """Return the answer with every reason to leave it to a person.

        While the model is suspended, what comes back says nothing but that. `casebook` is the one of a case that is
        stored nowhere.
        """
        with self.runtime.database.read() as tx:
            workspace = workspaces.get(tx, model.spec.name)
            words = silent_words(tx, workspace)
            version = versions.get(tx, workspace.id, model.version)
        if words:
            said = replace(prediction, targets=tuple(silenced(answer, words) for answer in prediction.targets))
        else:
            said = self._judged(workspace, version, model, case, prediction, casebook)
        Deferrals.count(workspace.name, said)
        return said

    def warm(self, model: LoadedModel, case: Case) -> None:
        """Have what a stored case is judged by at hand before anybody asks."""
        with self.runtime.database.read() as tx:
            workspace = workspaces.get(tx, model.spec.name)
            version = versions.get(tx, workspace.id, model.version)
        guard = self.fitting.known(version, self.runtime.spec(workspace))
        if guard is not None:
            self._facts_of(guard, model, case, None)

    def silent(self, workspace: Workspace) -> str:
        """Return why the model says nothing at all now, in words; empty text while it answers."""
        with self.runtime.database.read() as tx:
            return silent_words(tx, workspace)

    def judged_look(self, spec: WorkspaceSpec, guard: Guard, model: LoadedModel, look: Look) -> tuple[Prediction, ...]:
        """Return the answers of many cases, each with every reason to leave it to a person."""
        return tuple(
            replace(answer, targets=tuple(judged(spec, guard.rules, one, facts) for one in answer.targets))
            for answer, facts in zip(look.answers, _facts(guard, model, look), strict=True)
        )

    def _judged(
        self,
        workspace: Workspace,
        version: Version,
        model: LoadedModel,
        case: Case,
        prediction: Prediction,
        casebook: Casebook | None,
    ) -> Prediction:
        spec = self.runtime.spec(workspace)
        guard = self.fitting.known(version, spec)
        if guard is None:
            self._ask(workspace, version)
            rules, facts = None, CaseFacts()
        else:
            rules, facts = guard.rules, self._facts_of(guard, model, case, casebook)
        return replace(prediction, targets=tuple(judged(spec, rules, one, facts) for one in prediction.targets))

    def _facts_of(self, guard: Guard, model: LoadedModel, case: Case, casebook: Casebook | None) -> CaseFacts:
        def look() -> CaseFacts:
            seeing = Seeing(self.runtime, casebook or self.casebook)
            own = self.fitting.own_copy(model)
            return _facts(guard, own, seeing.look(own, [case], suspicious=guard.rules.suspicion is not None))[0]

        if casebook is not None:
            return look()
        key = (model.key, guard.rules.policy, inputs_key(case, model.spec))
        return replace(self.facts.get(key, look), attributes=case.attributes)

    def _ask(self, workspace: Workspace, version: Version) -> None:
        """Have the guard of the version that serves made by the worker, once."""
        if version.status == "champion":
            with self.runtime.database.write() as tx:
                ask_to_route(tx, workspace.name, self.runtime.actor.id, key=f"route:guard of {version.id}")


def _facts(guard: Guard, model: LoadedModel, look: Look) -> list[CaseFacts]:
    scores = None if guard.outliers is None else guard.outliers.score(look.seen)
    return [
        CaseFacts(
            outlier=None if scores is None else float(scores[row]),
            suspicion=float(look.suspicion[row]),
            missing=missing_fields(model, case),
            attributes=case.attributes,
        )
        for row, case in enumerate(look.cases)
    ]
