"""The verbs of the lead: feedback, runs, gate, decisions, and spreading marks. See `core.contracts.services`."""

from typing import Protocol

from core.contracts.kinds import DecisionKind
from core.contracts.overviews import RetrainingView, RunView
from core.contracts.records import Actor, Decision
from core.contracts.results import GateReport
from core.contracts.runs import RunPlan
from core.contracts.spread import SpreadView


class RetrainingVerbs(Protocol):
    """Feedback, runs, gate, decisions."""

    def view(self, workspace: str, *, reader: Actor | None = None) -> RetrainingView:
        """Return everything on the retraining page, without the cases that `reader` may still read blind."""

    def start(
        self,
        workspace: str,
        *,
        actor: Actor,
        strategy: str | None = None,
        use_regions: bool = True,
        plan: RunPlan | None = None,
    ) -> RunView:
        """Ask the worker for a retraining (its gate follows); the run that is already under way is returned."""

    def run(self, workspace: str) -> RunView | None:
        """Return the latest run, live."""

    def cancel(self, workspace: str, *, actor: Actor) -> None:
        """Ask the running job to stop."""

    def gate(self, workspace: str, version: str, *, actor: Actor) -> GateReport:
        """Measure a candidate now and keep the report."""

    def decide(
        self,
        workspace: str,
        kind: DecisionKind,
        version: str | None,
        reason: str,
        *,
        actor: Actor,
        override: bool = False,
        acknowledge: bool = False,
        expected_champion: str | None = None,
    ) -> Decision:
        """Promote, reject or roll back.

        Raises `Conflict` when somebody decided first, `Refused` when the gate needs an override (a failed
        check) or an acknowledgement (a check that is not assessable) that was not given, or the reason is empty.
        """


class SpreadVerbs(Protocol):
    """Spreading the marks of an artefact to the other cases that carry it."""

    def view(self, workspace: str, artefact: str, *, limit: int = 24) -> SpreadView:
        """Return how the spreading of an artefact stands, with a page of open proposals."""

    def search(self, workspace: str, artefact: str, *, actor: Actor) -> SpreadView:
        """Ask the worker to look for the artefact in every case that may train; open proposals are replaced."""

    def cancel(self, workspace: str, artefact: str, *, actor: Actor) -> None:
        """Ask the running search to stop."""

    def decide(
        self, workspace: str, artefact: str, *, actor: Actor, right: tuple[int, ...] = (), wrong: tuple[int, ...] = ()
    ) -> SpreadView:
        """Accept and reject proposals by id; one that was decided before is decided anew."""

    def accept_above(self, workspace: str, artefact: str, probability: float, *, actor: Actor) -> SpreadView:
        """Accept all open proposals that are at least so probable.

        Raises `Refused` before enough were ticked by eye to know the precision.
        """

    def reopen(self, workspace: str, artefact: str, *, actor: Actor) -> SpreadView:
        """Undo the last `decide` or `accept_above`."""
