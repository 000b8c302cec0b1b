"""Computed answers that can be computed again: scores, evidence, embeddings."""

from array import array
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, select

from core.storage import schema
from core.storage.columns import now
from core.storage.statements import chunks, insert_all, insert_or_update


def put_scores(tx: Connection, version_id: int, target: str, scores: Mapping[int, tuple[float, ...]]) -> None:
    """Keep case id -> probabilities (exact to the bit), replacing earlier ones."""
    rows = [
        {"version_id": version_id, "target": target, "case_id": case_id, "probabilities": array("d", values).tobytes()}
        for case_id, values in scores.items()
    ]
    insert_all(tx, insert_or_update(tx, schema.scores, ["version_id", "target", "case_id"]), rows)


def scores(tx: Connection, version_id: int, target: str, case_id: int | None = None) -> dict[int, tuple[float, ...]]:
    """Return case id -> probabilities for the cases that have them (of one case, when given)."""
    table = schema.scores.c
    query = select(table.case_id, table.probabilities).where(table.version_id == version_id, table.target == target)
    if case_id is not None:
        query = query.where(table.case_id == case_id)
    return {number: tuple(array("d", stored)) for number, stored in tx.execute(query)}


def count_scores(tx: Connection, version_id: int, target: str) -> int:
    """Return how many cases have scores."""
    table = schema.scores.c
    query = select(func.count()).where(table.version_id == version_id, table.target == target)
    return int(tx.execute(query).scalar_one())


def put_evidence(tx: Connection, version_id: int, case_id: int, key: str, blob: str) -> None:
    """Keep the blob of an explanation under (version, case, `key`: method and options)."""
    row = {"version_id": version_id, "case_id": case_id, "key": key, "blob": blob, "created": now()}
    tx.execute(insert_or_update(tx, schema.evidence, ["version_id", "case_id", "key"]).values(row))


def evidence(tx: Connection, version_id: int, case_id: int, key: str) -> str | None:
    """Return the blob of an explanation, or None when it has not been made."""
    table = schema.evidence.c
    query = select(table.blob).where(table.version_id == version_id, table.case_id == case_id, table.key == key)
    return tx.execute(query).scalar()


def shared_evidence(tx: Connection, version_id: int, key: str) -> str | None:
    """Return the blob that any case of a version has under `key`, or None: keys say what the inputs are."""
    table = schema.evidence.c
    query = select(table.blob).where(table.version_id == version_id, table.key == key).limit(1)
    return tx.execute(query).scalar()


def put_embeddings(tx: Connection, encoder_key: str, keys: Sequence[str], blob: str) -> None:
    """Note that row i of the safetensors `blob` is the embedding of the input `keys[i]`."""
    rows = [{"encoder_key": encoder_key, "key": key, "blob": blob, "row": row} for row, key in enumerate(keys)]
    insert_all(tx, insert_or_update(tx, schema.embeddings, ["encoder_key", "key"]), rows)


def embeddings(tx: Connection, encoder_key: str, keys: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Return input key -> (blob, row) for the inputs that are embedded."""
    table = schema.embeddings.c
    found: dict[str, tuple[str, int]] = {}
    for some in chunks(sorted(set(keys))):
        query = select(table.key, table.blob, table.row).where(table.encoder_key == encoder_key, table.key.in_(some))
        found.update((row.key, (row.blob, row.row)) for row in tx.execute(query))
    return found
