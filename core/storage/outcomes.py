"""Plan and outcome of a run as JSON text."""

from dataclasses import asdict
from typing import Any

from core.contracts import FairnessAim, MarkWarning, RunOutcome, RunPlan, Suspect, Trial
from core.storage.columns import from_json, to_json


def plan_text(plan: RunPlan) -> str:
    """Return a plan as text."""
    return to_json(asdict(plan))


def plan_of(text: str) -> RunPlan:
    """Return the plan that `plan_text` wrote; the default one for a run of before there were plans."""
    stored = from_json(text)
    aim = stored.pop("aim", None)
    return RunPlan(**stored, aim=None if aim is None else FairnessAim(**aim))


def outcome_text(outcome: RunOutcome) -> str:
    """Return an outcome as text."""
    return to_json(asdict(outcome))


def outcome_of(text: str | None) -> RunOutcome | None:
    """Return the outcome that `outcome_text` wrote; None where there is none."""
    if text is None:
        return None
    stored = from_json(text)
    parent = stored.pop("parent")
    return RunOutcome(
        parent=None if parent is None else Trial(**parent),
        trials=tuple(Trial(**trial) for trial in stored.pop("trials")),
        warnings=tuple(_warning(warning) for warning in stored.pop("warnings")),
        suspects=tuple(Suspect(**suspect) for suspect in stored.pop("suspects")),
        **stored,
    )


def _warning(stored: dict[str, Any]) -> MarkWarning:
    return MarkWarning(**{**stored, "cases": tuple(stored["cases"])})
