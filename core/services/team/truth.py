"""Which label a read is held against: one that the reader did not give."""

from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import UNSURE
from core.storage import adjudications, labels, verdicts

FEWEST_OTHERS = 2
"""Other readers who must agree before their label counts as the right one."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of the right answers of one target."""

    adjudicated: dict[int, tuple[str, str]]
    """Case -> (label, id of who adjudicated)."""
    data_set: dict[int, str]
    given: dict[int, dict[str, str]]
    """Case -> actor id -> label of the standing verdict."""

    def of(self, case_id: int, actor_id: str) -> str | None:
        """Return the label that this person's read is held against, or None where only they know it.

        An adjudication by somebody else comes first, then the data set's own label (a verdict may have replaced it as
        the reference label since: that does not make the verdict right), then what at least two others agree on.
        """
        label, lead = self.adjudicated.get(case_id, (None, ""))
        if label is not None and lead != actor_id:
            return label
        if case_id in self.data_set:
            return self.data_set[case_id]
        others = [label for actor, label in self.given.get(case_id, {}).items() if actor != actor_id]
        return others[0] if len(others) >= FEWEST_OTHERS and len(set(others)) == 1 else None


def truth_of(tx: Connection, workspace_id: int, target: str) -> Truth:
    """Return what is known of the right answers of a target."""
    given = defaultdict[int, dict[str, str]](dict)
    for verdict in verdicts.standing(tx, workspace_id, target):
        if verdict.label != UNSURE:
            given[verdict.case_id][verdict.actor_id] = verdict.label
    settled = {
        case_id: (decided.label, decided.actor_id)
        for (case_id, of_target), decided in adjudications.latest(tx, workspace_id).items()
        if of_target == target
    }
    return Truth(settled, labels.of_data_set(tx, workspace_id, target), dict(given))
