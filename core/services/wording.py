"""What people write, checked before it is stored: comments, reasons, names of artefacts and tokens."""

from core.errors import BadInput
from core.sources.cells import unstorable


def require_storable(what: str, text: str) -> None:
    """Refuse a text that not every database can keep.

    Raises
    ------
    BadInput
        When `text` holds a NUL character or half a surrogate pair; the message begins with `what`.
    """
    if reason := unstorable(text):
        raise BadInput(f"{what} {reason}.")
