"""Keeping the home tidy, and letting a person's data go."""

from dataclasses import dataclass

from core.contracts import Actor, AuditEvent
from core.errors import BadInput
from core.services.catalogue import Catalogue
from core.services.runtime import Runtime
from core.services.wording import require_storable
from core.storage import actors, guards
from core.storage.blobs import GarbageReport, collect_garbage
from core.storage.erasure import erase_case


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Housekeeping verbs."""

    runtime: Runtime
    catalogue: Catalogue

    def collect_garbage(self) -> GarbageReport:
        """Remove blobs that nothing names and that are older than an hour."""
        self.runtime.database.forget()
        return collect_garbage(self.runtime.database, self.runtime.blobs)

    def erase(self, workspace: str, case: str, reason: str, *, actor: Actor) -> AuditEvent:
        """Erase inputs, attributes, marks and comments of a case for good; the record still verifies.

        The case's name, labels and verdicts stay, for versions and reports rest on them. Nothing can use the case
        any more; its files go with the next `collect_garbage`.

        Raises
        ------
        BadInput
            When the reason is empty or can't be stored.
        """
        if not reason.strip():
            raise BadInput("An erasure needs a reason, for the record. Write one sentence.")
        require_storable("The reason", reason)
        with self.runtime.database.write() as tx:
            found, _, stored = self.catalogue.case(tx, workspace, case)
            actors.ensure(tx, actor)
            event = erase_case(tx, stored.id, actor.id, reason.strip())
            if stored.split == "train":
                guards.forget(tx, found.id)  # what tells unlike cases keeps vectors of training cases
        self.runtime.database.forget()
        return event
