"""What a person may know of the model's answer to a case, and when. All verbs that could tell ask here."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from core.contracts import (
    Actor,
    Case,
    Deferral,
    Prediction,
    RevealView,
    TargetAnswer,
    TargetSpec,
    Workspace,
    WorkspaceSpec,
)
from core.errors import Refused
from core.guard.rules import is_silenced
from core.models.registry import LoadedModel
from core.services.catalogue import Catalogue
from core.services.explaining import Explaining
from core.services.guard.suspending import silent_words
from core.services.reading_modes.arms import arm_of, trains
from core.services.runtime import Runtime
from core.storage import cache, reads, verdicts, versions

READ_FIRST = "The model's answer is shown after your own read. Choose a label and commit it first."
AI_OFF = "The model is switched off for this case, by chance: your verdict is yours alone. Save it to go on."
NO_OBJECTION = "No objection: the model speaks only where it differs from your read. Save your verdict to go on."
TRAINING = "While you are in training, only the answer and its evidence are shown before your verdict. Save it first."


def is_blind(spec: WorkspaceSpec) -> bool:
    """Return whether people read before they know the model's answer."""
    return spec.reading.mode != "concurrent"


def require_reads(spec: WorkspaceSpec, done: set[str]) -> None:
    """Refuse to go on to the model's answer before the own read of every target (but in the concurrent mode).

    Raises
    ------
    Refused
        Says what to do first.
    """
    if is_blind(spec) and not done >= {target.name for target in spec.targets}:
        raise Refused(READ_FIRST)


def may_know(
    tx: Connection, catalogue: Catalogue, workspace: Workspace, spec: WorkspaceSpec, case: Case, actor: Actor
) -> bool:
    """Return whether this person may know whatever the model says of a case."""
    return not why_not(tx, catalogue, workspace, spec, case, actor)


def why_not(
    tx: Connection, catalogue: Catalogue, workspace: Workspace, spec: WorkspaceSpec, case: Case, actor: Actor
) -> str:
    """Return why this person may not know whatever the model says of a case, in words; empty text where they may."""
    done = {read.target: read.label for read in reads.of_case(tx, case.id, actor.id)}
    names = {target.name for target in spec.targets}
    if is_blind(spec) and not set(done) >= names:
        return READ_FIRST
    silent = silent_words(tx, workspace)
    if silent:
        return silent
    if arm_of(tx, workspace, spec, case, actor).arm == "ai off":
        return AI_OFF
    if trains(spec, actor) and not verdicts.ever_answered(tx, case.id, actor.id) >= names:
        return TRAINING
    return NO_OBJECTION if _agreed(tx, catalogue, workspace, spec, case, done) else ""


def _agreed(
    tx: Connection,
    catalogue: Catalogue,
    workspace: Workspace,
    spec: WorkspaceSpec,
    case: Case,
    said: Mapping[str, str],
) -> frozenset[str]:
    """Return the targets on which the model, as second reader, has no objection to what was said."""
    if spec.reading.mode != "second-reader":
        return frozenset()
    answers = _answers(tx, catalogue, workspace, spec, case)
    return frozenset(target for target, label in answers.items() if said.get(target) == label)


def _answers(
    tx: Connection, catalogue: Catalogue, workspace: Workspace, spec: WorkspaceSpec, case: Case
) -> Mapping[str, str]:
    """Return target -> the champion's label, from the scores that are kept; empty while there are none."""
    if workspace.champion is None:
        return {}
    version = versions.get(tx, workspace.id, workspace.champion)
    found: dict[str, str] = {}
    for target in spec.targets:
        scores = cache.scores(tx, version.id, target.name, case.id).get(case.id)
        if scores is not None:
            found[target.name] = target.classes[int(catalogue.decided(version, target, [case], [scores])[0])]
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """A case with the champion, as far as one person may know it."""

    workspace: Workspace
    spec: WorkspaceSpec
    case: Case
    model: LoadedModel
    instead: Mapping[str, str]
    """Target -> the wrong label that is shown on purpose in place of the model's own."""
    bound: bool
    """Whether evidence may be for the shown label alone."""


@dataclass(frozen=True, slots=True)
class Revealing:
    """Opens cases for what tells of the model."""

    runtime: Runtime
    catalogue: Catalogue
    explaining: Explaining

    def open(
        self, workspace: str, case: str, actor: Actor, *, shown_only: bool = False, target: str | None = None
    ) -> Told:
        """Return a case with the champion; with `shown_only` for what explains the answer on the screen and no more.

        `target` names the one that is asked about, where it is one.

        Raises
        ------
        Refused
            Before this person's own read, and where the mode keeps the model silent.
        """
        with self.runtime.database.read() as tx:
            found, spec, stored = self.catalogue.case(tx, workspace, case)
            words = why_not(tx, self.catalogue, found, spec, stored, actor)
            if words == NO_OBJECTION and self._speaks(tx, found, spec, stored, actor, target, shown_only):
                words = ""
            bound = words == TRAINING
            instead = arm_of(tx, found, spec, stored, actor).shown if bound else {}
        if words and not (shown_only and bound):
            raise Refused(words)
        return Told(found, spec, stored, self.catalogue.model(found), instead, bound)

    def _speaks(
        self,
        tx: Connection,
        workspace: Workspace,
        spec: WorkspaceSpec,
        case: Case,
        actor: Actor,
        target: str | None,
        shown_only: bool,
    ) -> bool:
        """Return whether the second reader objects on this target, or (of what is on the screen) on any."""
        said = {read.target: read.label for read in reads.of_case(tx, case.id, actor.id)}
        objects = set(said) - _agreed(tx, self.catalogue, workspace, spec, case, said)
        return target in objects if target is not None else shown_only and bool(objects)

    def reveal(self, workspace: str, case: str, actor: Actor) -> RevealView:
        """Return what this person is shown of the champion's answer.

        Raises
        ------
        Refused
            Before this person's own read, in all modes but the concurrent one.
        """
        with self.runtime.database.read() as tx:
            found, spec, stored = self.catalogue.case(tx, workspace, case)
            words, drawn = (
                why_not(tx, self.catalogue, found, spec, stored, actor),
                arm_of(tx, found, spec, stored, actor),
            )
            said = {read.target: read.label for read in reads.of_case(tx, stored.id, actor.id)}
        if words == READ_FIRST:
            raise Refused(words)
        if words not in ("", TRAINING, NO_OBJECTION):
            return withheld_view(spec, words)
        model = self.catalogue.model(found)
        first = model.manifest.targets[0]
        prediction = self.explaining.told(model, stored)
        if is_silenced(prediction):
            return withheld_view(spec, prediction.targets[0].reason)
        methods = self.explaining.methods.ordered(model, stored)
        view = RevealView(prediction, first.calibration_n, first.coverage, methods)
        if drawn.arm == "known wrong":
            return _wrong_on_purpose(view, drawn.shown, spec, debriefed=words != TRAINING)
        return _second_reader(view, said) if spec.reading.mode == "second-reader" else view


def withheld_view(spec: WorkspaceSpec, words: str) -> RevealView:
    """Return a reveal that says nothing but why."""
    return RevealView(Prediction("", ()), 0, spec.reading.coverage, (), withheld=words)


def _second_reader(view: RevealView, said: Mapping[str, str]) -> RevealView:
    """Return the answers that differ from the reads; where none does, that there is no objection."""
    prediction = view.prediction
    differing = tuple(answer for answer in prediction.targets if said.get(answer.target) != answer.label)
    spoken = replace(prediction, targets=differing)
    if differing:
        return replace(view, prediction=spoken)
    return replace(view, prediction=spoken, methods=(), withheld=NO_OBJECTION)


def _wrong_on_purpose(
    view: RevealView, wrong: Mapping[str, str], spec: WorkspaceSpec, *, debriefed: bool
) -> RevealView:
    """Return a wrong answer in place of the model's own, or afterwards the model's own with the word that it was."""
    if debriefed:
        return replace(view, debrief=_debrief(view.prediction, wrong, spec))
    shown = tuple(exchanged(answer, wrong.get(answer.target, answer.label)) for answer in view.prediction.targets)
    return replace(view, prediction=replace(view.prediction, targets=shown))


def exchanged(answer: TargetAnswer, label: str) -> TargetAnswer:
    """Return an answer in which another label has the place of the answer's own: probabilities, set and words alike.

    Examples
    --------
    >>> answer = TargetAnswer("digit", "3", ("3", "8"), (0.9, 0.1), ("3",), False, "3 is the only one")
    >>> exchanged(answer, "8").probabilities, exchanged(answer, "8").answer_set
    ((0.1, 0.9), ('8',))
    """
    swap = _swapper(answer.label, label)
    by_label = dict(zip(answer.classes, answer.probabilities, strict=True))
    return replace(
        answer,
        label=label,
        probabilities=tuple(by_label[swap(name)] for name in answer.classes),
        answer_set=tuple(swap(name) for name in answer.answer_set),
        reason=_in_words(answer.reason, answer.label, label),
        deferrals=tuple(_deferral(one, answer.label, label) for one in answer.deferrals),
    )


def _swapper(first: str, second: str) -> Callable[[str], str]:
    other = {first: second, second: first}
    return lambda label: other.get(label, label)


def _deferral(deferral: Deferral, first: str, second: str) -> Deferral:
    return replace(deferral, words=_in_words(deferral.words, first, second))


def _in_words(text: str, first: str, second: str) -> str:
    """Return a sentence with the two labels exchanged."""
    swap = _swapper(first, second)
    return re.sub(rf"(?<!\w)({re.escape(first)}|{re.escape(second)})(?!\w)", lambda found: swap(found[0]), text)


def _debrief(prediction: Prediction, wrong: Mapping[str, str], spec: WorkspaceSpec) -> str:
    told = [
        f"{_titled(spec.target(answer.target), wrong[answer.target], spec)} was wrong on purpose; "
        f"the model itself says {_words(spec.target(answer.target), answer.label)} ({answer.probability:.2f})"
        for answer in prediction.targets
        if answer.target in wrong
    ]
    return f"For training: the answer {'. '.join(told)}. This verdict counts for nothing but your training."


def _titled(target: TargetSpec, label: str, spec: WorkspaceSpec) -> str:
    words = f"{_words(target, label)} that you were shown"
    return f"{target.title or target.name}: {words}" if len(spec.targets) > 1 else words


def _words(target: TargetSpec, label: str) -> str:
    return target.display.get(label, label)
