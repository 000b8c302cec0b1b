"""Counterfactuals of a case: the search by kind of field, and a real answer to each that was found."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.contracts import (
    Actor,
    Constraint,
    Counterfactual,
    CounterfactualsView,
    Prediction,
    TargetSpec,
    WorkspaceSpec,
)
from core.errors import BadInput, NotFound
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue
from core.services.predictions import Answered, Predictions
from core.services.runtime import Runtime
from core.services.whatif.asked import Opened
from core.services.whatif.by_picture import by_picture
from core.services.whatif.by_table import by_table
from core.services.whatif.by_text import by_text
from core.services.whatif.editing import edited
from core.services.whatif.found import Found, Outcome
from core.services.whatif.searching import Changing
from explain.errors import ExplainError

Way = Callable[[], Outcome]


@dataclass(frozen=True, slots=True)
class Counterfactuals:
    """Finds the smallest changes that get another answer."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    predictions: Predictions

    def view(
        self,
        opened: Opened,
        target: TargetSpec,
        wanted: str | None,
        constraints: Sequence[Constraint],
        limit: int,
        actor: Actor,
    ) -> CounterfactualsView:
        """Return what was found: in the table where there is one, else in the texts, else in the pictures.

        Raises
        ------
        BadInput
            When the wanted answer is the present one, or a constraint can't be used.
        NotFound
            When there is no such label.
        """
        begin = time.perf_counter()
        before = self.predictions.predict(opened.workspace.name, opened.case.name)
        label = _wanted(before, target, wanted)
        changing = Changing(self.catalogue.model(opened.workspace), self.casebook, opened.case, target.name)
        outcome = Outcome((), 0, "This case holds nothing that could be changed.")
        for way in self._ways(opened, changing, target.classes.index(label), constraints, limit):
            try:
                outcome = way().after(outcome)
            except ExplainError as error:
                raise BadInput(f"No counterfactual can be looked for: {error}") from error
            found = self._answered(opened, target, label, outcome.found)
            if found:
                break
        else:
            found = ()
        return CounterfactualsView(
            target=target.name,
            wanted=label,
            found=found,
            words=_words(found, outcome, target, label),
            tried=outcome.tried,
            seconds=time.perf_counter() - begin,
        )

    def _ways(
        self, opened: Opened, changing: Changing, wanted: int, constraints: Sequence[Constraint], limit: int
    ) -> list[Way]:
        held = {item.name for item in opened.case.fields if not _is_empty(item)}
        ways: list[Way] = []
        if changing.table:
            population = self._training_cases(opened)
            ways.append(lambda: by_table(changing, wanted, constraints, population, limit))
        for item in changing.model.spec.fields:
            if item.kind == "text" and item.name in held:
                ways.append(lambda item=item: by_text(changing, item, wanted, limit))  # type: ignore[misc]
        return ways
