"""Encoders by name."""

from collections.abc import Callable, Mapping

from core.contracts import EncoderSpec, FieldSpec
from core.errors import BadInput
from core.models.encoders.base import Encoder
from core.models.encoders.cnn import ConvolutionalNetwork
from core.models.encoders.mlp import MultiLayerPerceptron
from core.models.encoders.timm_backbone import TimmBackbone

ENCODERS: Mapping[str, Callable[[EncoderSpec, FieldSpec, bool], Encoder]] = {
    "mlp": lambda spec, field, load_weights: MultiLayerPerceptron(spec, field),
    "cnn": lambda spec, field, load_weights: ConvolutionalNetwork(spec, field),
    "timm": TimmBackbone,
}


def encoder_names() -> tuple[str, ...]:
    """Return the names that `encoder.name` may have in a workspace."""
    return tuple(ENCODERS)


def build_encoder(spec: EncoderSpec, field: FieldSpec, *, load_weights: bool = True) -> Encoder:
    """Build the encoder that `spec` names for one field.

    Parameters
    ----------
    spec
        The workspace's encoder section.
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
    return ENCODERS[spec.name](spec, field, load_weights)
