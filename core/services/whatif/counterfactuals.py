"""Counterfactuals of a case: the search by kind of field, and a real answer to each that was found."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.contracts import Constraint, Counterfactual, CounterfactualsView, FieldSpec, Prediction, TargetSpec
from core.errors import BadInput, NotFound
from core.models.tokenisers import tokeniser
from core.services.casebook import Casebook
from core.services.caseviews import is_missing
from core.services.predictions import Predictions
from core.services.runtime import Runtime
from core.services.whatif.asked import Opened
from core.services.whatif.by_picture import by_picture
from core.services.whatif.by_table import by_table, rules
from core.services.whatif.by_text import by_text
from core.services.whatif.editing import edited
from core.services.whatif.found import Found, Outcome
from core.services.whatif.material import Material, table_of
from core.services.whatif.searching import Changing
from explain.errors import ExplainError

Way = Callable[[], Outcome]


@dataclass(frozen=True, slots=True)
class Counterfactuals:
    """Finds the smallest changes that get another answer."""

    runtime: Runtime
    casebook: Casebook
    predictions: Predictions
    material: Material

    def view(
        self, opened: Opened, target: TargetSpec, wanted: str | None, constraints: Sequence[Constraint], limit: int
    ) -> CounterfactualsView:
        """Return what was found: in the table where there is one, else in the texts, else in the pictures.

        Raises
        ------
        BadInput
            When the wanted answer is the present one, a constraint can't be used, or nothing can be looked for.
        NotFound
            When there is no such label or field.
        """
        begin = time.perf_counter()
        label = _wanted(self.predictions.predict(opened.workspace.name, opened.case.name), target, wanted)
        outcome, found = Outcome((), 0, ""), list[Counterfactual]()
        for way in self._ways(opened, target, label, constraints, limit):
            try:
                outcome = way().after(outcome)
            except ExplainError as error:
                raise BadInput(f"No counterfactual can be looked for: {error}") from error
            found = self._holding(opened, target, label, outcome.found)[:limit]
            if found:
                break
        return CounterfactualsView(
            target=target.name,
            wanted=label,
            found=tuple(found),
            words=_words(found, outcome, target, label),
            tried=outcome.tried,
            seconds=time.perf_counter() - begin,
        )

    def _ways(
        self, opened: Opened, target: TargetSpec, label: str, constraints: Sequence[Constraint], limit: int
    ) -> list[Way]:
        """Return the searches that this case has room for, in their order."""
        allowed = rules(opened.spec, constraints)
        network = self.predictions.explaining.questions.network(opened.model)
        changing = Changing(opened.model, network, self.casebook, opened.case, target.name)
        wanted, table = target.classes.index(label), table_of(opened.spec)
        ways: list[Way] = []
        if table:
            row = self.material.row(opened.case, table)
            rows = self.material.rows(opened.workspace, opened.spec, row)
            ways.append(lambda: by_table(changing, wanted, allowed, row, rows, limit))
        held = [item for item in opened.spec.fields if not is_missing(self.casebook.value(opened.case, item.name))]
        ways.extend(self._text(opened, changing, item, target, label, limit) for item in held if item.kind == "text")
        ways.extend(self._picture(opened, changing, item, wanted, limit) for item in held if item.kind == "image")
        return ways

    def _text(
        self, opened: Opened, changing: Changing, item: FieldSpec, target: TargetSpec, label: str, limit: int
    ) -> Way:
        text = self.casebook.value(opened.case, item.name).text or ""
        tokens = tokeniser(item.tokeniser).tokens(text)
        until = tokens[item.tokens - 1].end if len(tokens) > item.tokens else None
        wanted = target.classes.index(label)

        def search() -> Outcome:
            typical = self.material.words(opened.workspace, target, item, label)
            return by_text(changing, item, text, until, wanted, typical, limit)

        return search

    def _picture(self, opened: Opened, changing: Changing, item: FieldSpec, wanted: int, limit: int) -> Way:
        return lambda: by_picture(changing, item, self.casebook.geometry(opened.case, item), wanted, limit)

    def _holding(
        self, opened: Opened, target: TargetSpec, label: str, candidates: Sequence[Found]
    ) -> list[Counterfactual]:
        """Return those that get the wanted answer when they are asked as any edited case is, one of each family."""
        held: dict[int, Counterfactual] = {}
        for one in candidates:
            if one.family in held:
                continue
            given = edited(opened.case, opened.spec, one.edits, self.casebook, self.runtime)
            if _answer(self.predictions.predict(opened.workspace.name, given), target) == label:
                held[one.family] = self._told(opened, target, one)
        return list(held.values())

    def _told(self, opened: Opened, target: TargetSpec, one: Found) -> Counterfactual:
        given = edited(opened.case, opened.spec, one.edits, self.casebook, self.runtime)
        answered = self.predictions.answered(opened.workspace.name, given)
        prediction = answered.reveal.prediction
        label = _answer(prediction, target)
        return Counterfactual(
            changes=one.changes,
            edits=one.edits,
            prediction=prediction,
            label=label,
            probability=prediction.target(target.name).probability,
            distance=one.distance,
            plausibility=one.plausibility,
            fields=answered.fields,
        )


def _answer(prediction: Prediction, target: TargetSpec) -> str:
    return prediction.target(target.name).label


def _wanted(prediction: Prediction, target: TargetSpec, wanted: str | None) -> str:
    """Return the label to reach: the named one, else the runner-up."""
    told = dict(zip(target.classes, prediction.target(target.name).probabilities, strict=True))
    now = _answer(prediction, target)
    if wanted is None:
        return max((label for label in target.classes if label != now), key=lambda label: told[label])
    if wanted not in target.classes:
        raise NotFound(f"{wanted!r} is no label of {target.name!r}. Labels: {', '.join(target.classes)}.")
    if wanted == now:
        raise BadInput(f"The model answers {wanted!r} as it is. Ask for another label.")
    return wanted


def _words(found: Sequence[Counterfactual], outcome: Outcome, target: TargetSpec, label: str) -> str:
    """Return what was found, or why nothing was and what to try."""
    name = target.display.get(label, label)
    if found:
        ways = "One change leads" if len(found) == 1 else f"{len(found)} different changes lead"
        return f"{ways} to the answer {name}."
    if outcome.found:
        return f"What was found did not lead to {name} when it was done to the case itself. Edit the case by hand."
    return f"Nothing was found that leads to {name}. {outcome.words}".strip()
