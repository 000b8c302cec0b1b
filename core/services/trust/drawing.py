"""Which cases a quality report looks at: never one that the version was trained on, and the same every time."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest

from sqlalchemy import Connection

from core.contracts import Case, Version
from core.storage import runs, versions


def drawn(cases: Sequence[Case], labels: Mapping[int, str], count: int) -> tuple[Case, ...]:
    """Return `count` cases, the labels taken in turn, so that rare ones are there; cases without one are a label too.

    A longer draw begins with the shorter one.

    Parameters
    ----------
    cases
        To draw from.
    labels
        Case id -> label.
    count
        How many; all when there are fewer.
    """
    shelves: dict[str, list[Case]] = defaultdict(list)
    for case in sorted(cases, key=_lot):
        shelves[labels.get(case.id, "")].append(case)
    rounds = zip_longest(*(shelves[label] for label in sorted(shelves)))
    return tuple(case for case in chain.from_iterable(rounds) if case is not None)[:count]


def trained_on(tx: Connection, workspace_id: int, version: Version) -> set[int]:
    """Return the cases that a version, or one that it comes from, was trained on."""
    found: set[int] = set()
    current: Version | None = version
    while current is not None:
        if current.run_id is not None:
            found |= runs.training_case_ids(tx, current.run_id)
        current = None if current.parent is None else versions.get(tx, workspace_id, current.parent)
    return found


def _lot(case: Case) -> str:
    """Return a case's place in a shuffled order that never changes."""
    return hashlib.sha256(f"quality {case.name}".encode()).hexdigest()
