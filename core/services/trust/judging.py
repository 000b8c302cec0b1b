"""Which ledger cases a version is judged on, and its kept answers to them."""

import numpy as np
from sqlalchemy import Connection

from core.contracts import Case, TargetSpec, Version, Workspace
from core.services.catalogue import Catalogue
from core.services.trust.answers import Judged
from core.services.trust.errors import Key
from core.storage import cache, cases, labels


def judged_on(
    tx: Connection, catalogue: Catalogue, workspace: Workspace, target: TargetSpec, version: Version
) -> tuple[Key, Judged, tuple[Case, ...]]:
    """Return what decides the answers, the judged cases with the kept answers to them, and all ledger cases."""
    key = version.id, target.name, labels.newest(tx, workspace.id), cases.state_of_inputs(tx, workspace.id)
    probabilities = cache.scores(tx, version.id, target.name)
    known = labels.references(tx, workspace.id, target.name)
    ledger = catalogue.cases(tx, workspace, "ledger")
    usable = [c for c in ledger if c.id in probabilities and c.id in known and known[c.id].label in target.classes]
    rows = np.asarray([probabilities[case.id] for case in usable]).reshape(len(usable), len(target.classes))
    truth = np.asarray([target.classes.index(known[case.id].label) for case in usable], dtype=np.int64)
    return key, Judged(target, tuple(usable), rows, truth, catalogue.decided(version, target, usable, rows)), ledger
