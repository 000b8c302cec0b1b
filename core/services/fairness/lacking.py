"""Cases that a version decides without the attribute that its rules go by."""

from sqlalchemy import Connection

from core.contracts import Workspace
from core.models.grouping import group_of
from core.services.catalogue import Catalogue
from core.storage import versions


def lacking_alarms(tx: Connection, catalogue: Catalogue, workspace: Workspace) -> tuple[str, ...]:
    """Return for how many cases the champion's rules of groups can't be used, in words; nothing where it has none."""
    if workspace.champion is None:
        return ()
    version, found = versions.get(tx, workspace.id, workspace.champion), []
    for target in catalogue.runtime.spec(workspace).targets:
        rules = catalogue.rules(version, target.name)
        pool = catalogue.cases(tx, workspace, "pool") if rules is not None else ()
        lacking = sum(rules is not None and group_of(case.attributes, rules.attribute) is None for case in pool)
        if rules is not None and lacking:
            found.append(
                f"{version.name} decides each group by a rule of its own, and {lacking} of {len(pool)} cases of the "
                f"pool have no {rules.attribute}: they get the ordinary decision."
            )
    return tuple(found)
