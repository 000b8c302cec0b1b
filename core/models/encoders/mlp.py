"""A small multi-layer perceptron for small images."""

import math

from torch import Tensor, nn

from core.contracts import EncoderSpec, FieldSpec
from core.models.encoders.base import ImageEncoder
from core.models.preparers import preparer


class MultiLayerPerceptron(ImageEncoder):
    """Flattens its input and passes it through hidden layers (`EncoderSpec.hidden`), each with a ReLU."""

    def __init__(self, spec: EncoderSpec, field: FieldSpec) -> None:
        super().__init__(field)
        layers: list[nn.Module] = [nn.Flatten()]
        width = math.prod(preparer(field).shape(field))
        for hidden in spec.hidden:
            layers += [nn.Linear(width, hidden), nn.ReLU()]
            width = hidden
        self.layers = nn.Sequential(*layers)
        self.dim = width

    def last_block(self) -> list[nn.Parameter]:
        """Return the weights of the last layer."""
        layers = [layer for layer in self.layers if isinstance(layer, nn.Linear)]
        return [weights for layer in layers[-1:] for weights in layer.parameters()]

    def forward(self, values: Tensor, present: Tensor | None = None) -> Tensor:
        """Return [batch, last hidden width]."""
        encoded: Tensor = self.layers(values)
        return encoded
