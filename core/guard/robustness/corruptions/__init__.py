"""Corruptions: what happens to pictures on their way, in five severities."""
