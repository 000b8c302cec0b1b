"""Gate checks: one question to a candidate per file."""
