"""A small convolutional network for small images."""

from torch import Tensor, nn

from core.contracts import EncoderSpec, FieldSpec
from core.models.encoders.base import ImageEncoder
from core.models.preparers import preparer

GRID = 4
"""Side of the grid that the last feature maps are averaged to, so that place is not lost."""


class ConvolutionalNetwork(ImageEncoder):
    """One 3x3 convolution with stride 2 and a ReLU for each width in `EncoderSpec.hidden`, then a 4x4 average.

    Modules only and no max pooling: attribution methods that follow modules stay exact on it.
    """

    def __init__(self, spec: EncoderSpec, field: FieldSpec) -> None:
        super().__init__(field)
        layers: list[nn.Module] = []
        width = preparer(field).shape(field)[0]
        for hidden in spec.hidden:
            layers += [nn.Conv2d(width, hidden, kernel_size=3, stride=2, padding=1), nn.ReLU()]
            width = hidden
        self.layers = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(GRID), nn.Flatten())
        self.dim = width * GRID * GRID

    def last_block(self) -> list[nn.Parameter]:
        """Return the weights of the last convolution."""
        layers = [layer for layer in self.layers if isinstance(layer, nn.Conv2d)]
        return [weights for layer in layers[-1:] for weights in layer.parameters()]

    def forward(self, values: Tensor, present: Tensor | None = None) -> Tensor:
        """Return [batch, last width x 16]; pixels are scaled from 0..1 to -1..1 first."""
        encoded: Tensor = self.layers(values * 2.0 - 1.0)
        return encoded
