"""A workspace as files that other tools read, and that import again without loss."""

from core.services.exporting.exporting import Exporting
from core.services.exporting.formats import FORMATS

__all__ = ["FORMATS", "Exporting"]
