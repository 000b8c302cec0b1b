"""Concepts that people collect from cases: which cases show one, and which do not."""

from collections import defaultdict

from sqlalchemy import Connection, delete, select

from core.contracts import ConceptView
from core.storage import schema
from core.storage.columns import now
from core.storage.erasure import ERASED
from core.storage.schema import cases
from core.storage.statements import insert_new, insert_or_update


def ensure(tx: Connection, workspace_id: int, name: str, actor_id: str) -> int:
    """Return the number of the concept `name`, made when it is new."""
    table = schema.concepts
    row = {"workspace_id": workspace_id, "name": name, "actor_id": actor_id, "created": now()}
    tx.execute(insert_new(tx, table, ["workspace_id", "name"]).values(row))
    query = select(table.c.id).where(table.c.workspace_id == workspace_id, table.c.name == name)
    return int(tx.execute(query).scalar_one())


def collect(tx: Connection, concept_id: int, case_id: int, present: bool | None, actor_id: str) -> None:
    """Note that a case shows the concept (`present`), that it does not (False), or take it out (None)."""
    table = schema.concept_cases
    if present is None:
        tx.execute(delete(table).where(table.c.concept_id == concept_id, table.c.case_id == case_id))
        return
    row = {"concept_id": concept_id, "case_id": case_id, "present": present, "actor_id": actor_id, "created": now()}
    tx.execute(insert_or_update(tx, table, ["concept_id", "case_id"]).values(row))


def list_concepts(tx: Connection, workspace_id: int) -> tuple[ConceptView, ...]:
    """Return the workspace's concepts, oldest first, with the names of their cases in the order of their import.

    Erased cases are not named: nothing is left of them that could show the concept.
    """
    concepts, members = schema.concepts.c, schema.concept_cases.c
    query = (
        select(members.concept_id, members.present, cases.c.name)
        .join(cases, cases.c.id == members.case_id)
        .where(cases.c.workspace_id == workspace_id, cases.c.content_hash != ERASED)
        .order_by(cases.c.id)
    )
    found: dict[tuple[int, bool], list[str]] = defaultdict(list)
    for concept_id, present, name in tx.execute(query):
        found[concept_id, present].append(name)
    named = select(concepts.id, concepts.name).where(concepts.workspace_id == workspace_id).order_by(concepts.id)
    return tuple(
        ConceptView(name, tuple(found[number, True]), tuple(found[number, False])) for number, name in tx.execute(named)
    )
