"""What was computed for a case, kept in the database and its blobs by content."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from core.contracts import Case
from core.errors import NotFound, Unavailable
from core.models.registry import LoadedModel
from core.services.runtime import Runtime
from core.storage import cache, versions, workspaces
from core.storage import cases as stored_cases

log = logging.getLogger(__name__)


@contextmanager
def _if_it_can() -> Iterator[None]:
    """Go on without what storage refuses."""
    try:
        yield
    except Unavailable as error:
        log.warning("evidence is not kept: %s", error)


@dataclass(frozen=True, slots=True)
class EvidenceStore:
    """Keeps bytes under a key; cases with equal inputs share them, and an erased case takes them along."""

    runtime: Runtime

    def get(self, model: LoadedModel, case: Case, key: str) -> bytes | None:
        """Return what is kept for this case, or for another one under the same key; None when nothing is.

        A file that is lost or damaged is nothing: it can be computed again.
        """
        with self.runtime.database.read() as tx:
            version = self._version(tx, model)
            blob = cache.evidence(tx, version, case.id, key)
            shared = None if blob else cache.shared_evidence(tx, version, key)
        if shared is not None and case.id:
            with _if_it_can(), self.runtime.database.write() as tx:
                cache.put_evidence(tx, version, case.id, key, shared)
        found = blob or shared
        try:
            return None if found is None else self.runtime.blobs.get(found)
        except (NotFound, Unavailable) as error:
            log.warning("evidence is computed again: %s", error)
            return None

    def put(self, model: LoadedModel, cases: tuple[Case, ...], key: str, data: bytes) -> None:
        """Keep bytes for these cases; they go when one of them is erased, and do not come when one was meanwhile.

        What can't be kept now (a full disk, storage that is read-only) is computed again another time.
        """
        with _if_it_can():
            self._put(model, cases, key, self.runtime.blobs.put(data))

    def _put(self, model: LoadedModel, cases: tuple[Case, ...], key: str, blob: str) -> None:
        with self.runtime.database.write() as tx:
            now = stored_cases.by_ids(tx, [case.id for case in cases])
            if any(now[case.id].content_hash != case.content_hash for case in cases):
                return
            version = self._version(tx, model)
            for case in cases:
                cache.put_evidence(tx, version, case.id, key, blob)

    def _version(self, tx: Connection, model: LoadedModel) -> int:
        return versions.get(tx, workspaces.get(tx, model.spec.name).id, model.version).id
