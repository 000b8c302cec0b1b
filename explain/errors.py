"""The errors of this package."""


class ExplainError(Exception):
    """An explanation can't be computed; the message says what, got what, and what to do."""


class Stopped(ExplainError):
    """Somebody asked the method to stop before it was done."""
