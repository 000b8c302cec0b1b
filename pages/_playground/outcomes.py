"""What went wrong, for programs and people: a status and a sentence, never a stack trace."""

import logging

from core.contracts import ACTOR_SCOPE, Actor
from core.errors import BadInput, Conflict, NotFound, Refused, TandemError, Unavailable, UserError

log = logging.getLogger(__name__)

STATUS: tuple[tuple[type[TandemError], int], ...] = (
    (BadInput, 400),
    (NotFound, 404),
    (Conflict, 409),
    (Refused, 403),
    (Unavailable, 503),
    (UserError, 400),
)
UNEXPECTED = "Something went wrong here; nothing was saved. The server's log says what."


def status_of(error: Exception) -> int:
    """Return the HTTP status of an error."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def words_of(error: Exception) -> str:
    """Return what may be told about an error; one that nobody raised on purpose goes to the log."""
    if isinstance(error, UserError):
        return str(error)
    log.error("the playground failed", exc_info=error)
    return UNEXPECTED


def actor_in(scope: object) -> Actor:
    """Return who a program's token stands for.

    Raises
    ------
    Refused
        When the request came without one, from the page in the browser.
    """
    actor = scope.get(ACTOR_SCOPE) if isinstance(scope, dict) else None
    if not isinstance(actor, Actor):
        raise Refused("Programs need a token for this: python -m core token create NAME.")
    return actor
