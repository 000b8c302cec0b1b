"""The one error of this package."""


class ExplainError(Exception):
    """An explanation can't be computed; the message says what, got what, and what to do."""
