"""Which spreader finds an artefact in which kind of field."""

from collections.abc import Mapping

from core.contracts import FieldKind
from core.learning.spreading.base import Spreader
from core.learning.spreading.fields import FieldSpreader
from core.learning.spreading.images import ImageSpreader
from core.learning.spreading.words import WordSpreader

SPREADERS: Mapping[FieldKind, Spreader] = {
    "image": ImageSpreader(),
    "numeric": FieldSpreader(),
    "categorical": FieldSpreader(),
    "text": WordSpreader(),
}


def spreader(kind: FieldKind) -> Spreader:
    """Return what finds an artefact in a kind of field."""
    return SPREADERS[kind]
