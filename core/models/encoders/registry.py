"""Encoders by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.contracts import EncoderSpec, FieldKind, FieldSpec
from core.errors import BadInput
from core.models.encoders.base import Encoder
from core.models.encoders.category_embedding import CategoryEmbedding
from core.models.encoders.cnn import ConvolutionalNetwork
from core.models.encoders.minilm import MiniLM
from core.models.encoders.mlp import MultiLayerPerceptron
from core.models.encoders.piecewise_linear import PiecewiseLinear
from core.models.encoders.timm_backbone import TimmBackbone
from core.models.encoders.transformer import TextTransformer


@dataclass(frozen=True, slots=True)
class EncoderKind:
    """An encoder: the kind of field that it reads, and how to build it."""

    reads: FieldKind
    build: Callable[[EncoderSpec, FieldSpec, bool], Encoder]


ENCODERS: Mapping[str, EncoderKind] = {
    "mlp": EncoderKind("image", lambda spec, field, load_weights: MultiLayerPerceptron(spec, field)),
    "cnn": EncoderKind("image", lambda spec, field, load_weights: ConvolutionalNetwork(spec, field)),
    "timm": EncoderKind("image", TimmBackbone),
    "piecewise_linear": EncoderKind("numeric", lambda spec, field, load_weights: PiecewiseLinear(spec, field)),
    "embedding": EncoderKind("categorical", lambda spec, field, load_weights: CategoryEmbedding(spec, field)),
    "transformer": EncoderKind("text", lambda spec, field, load_weights: TextTransformer(spec, field)),
    "minilm": EncoderKind("text", MiniLM),
}


def encoder_names(kind: FieldKind | None = None) -> tuple[str, ...]:
    """Return the names that `encoder.name` may have in a workspace, for one kind of field or for all."""
    return tuple(name for name, encoder in ENCODERS.items() if kind in (None, encoder.reads))


def build_encoder(spec: EncoderSpec, field: FieldSpec, *, load_weights: bool = True) -> Encoder:
    """Build the encoder that `spec` names for one field.

    Parameters
    ----------
    spec
        The field's encoder.
    field
        The field that it reads.
    load_weights
        Whether a frozen backbone fetches its weights; False when stored weights follow.

    Raises
    ------
    BadInput
        When the name is unknown, or the encoder can't read the field.
    """
    if spec.name not in ENCODERS:
        raise BadInput(f"encoder.name is {spec.name!r}, which is unknown. Use one of: {', '.join(ENCODERS)}.")
    found = ENCODERS[spec.name]
    if found.reads != field.kind:
        raise BadInput(
            f"Encoder {spec.name!r} reads fields of kind {found.reads}; field {field.name!r} is {field.kind}. "
            f"Use one of: {', '.join(encoder_names(field.kind))}."
        )
    return found.build(spec, field, load_weights)
