"""Protocols that let a lower layer call back without knowing who listens."""

from typing import Protocol

from core.contracts.work import Progress


class ProgressReporter(Protocol):
    """Receives progress of long work and tells it when to stop."""

    def report(self, progress: Progress) -> None:
        """Record how far the work is. Raises `core.errors.Cancelled` when somebody asked it to stop."""


class Checkpointer(Protocol):
    """Keeps the state from which interrupted work resumes."""

    @property
    def every_seconds(self) -> float:
        """How often it wants to save at least, in seconds."""

    def load(self) -> bytes | None:
        """Return the last saved state (safetensors bytes), or None."""

    def save(self, state: bytes) -> None:
        """Replace the saved state."""
