"""Prediction and explanation of a stored case for programs: no read is asked for, nothing is hidden."""

from dataclasses import dataclass

from core.contracts import Prediction
from core.services.casebook import Casebook
from core.services.catalogue import Catalogue, target_of
from core.services.explaining import Explaining, Maps
from core.services.runtime import Runtime


@dataclass(frozen=True, slots=True)
class ExplainedCase:
    """An explanation with its numbers, in the pixels of the original."""

    case: str
    version: str
    method: str
    target: str
    label: str
    completeness_error: float | None
    attributions: Maps


@dataclass(frozen=True, slots=True)
class Predictions:
    """Answers for programs."""

    runtime: Runtime
    catalogue: Catalogue
    casebook: Casebook
    explaining: Explaining

    def predict(self, workspace: str, case: str) -> Prediction:
        """Return the champion's calibrated answer."""
        with self.runtime.database.read() as tx:
            found, _, stored = self.catalogue.case(tx, workspace, case)
        model = self.catalogue.model(found)
        return self.runtime.engine.predict(model, self.casebook.inputs(stored, model.spec))

    def explain(
        self, workspace: str, case: str, method: str, label: str | None = None, target: str | None = None
    ) -> ExplainedCase:
        """Explain the champion's answer for a case, or another label."""
        with self.runtime.database.read() as tx:
            found, spec, stored = self.catalogue.case(tx, workspace, case)
        chosen = target_of(spec, target).name
        model = self.catalogue.model(found)
        if label is None:
            answer = self.runtime.engine.predict(model, self.casebook.inputs(stored, model.spec))
            label = answer.target(chosen).label
        explained = self.explaining.explain(found, model, stored, chosen, label, method)
        return ExplainedCase(
            case,
            model.version,
            method,
            chosen,
            label,
            explained.attribution.completeness_error,
            explained.maps,
        )
