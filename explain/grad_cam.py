"""Grad-CAM: where the last convolutional activations speak for the label."""

from collections.abc import Mapping

import torch
from captum.attr import LayerAttribution, LayerGradCam
from torch import Tensor, nn

from explain.answer import Computed, answer
from explain.base import Attribution, Option, OptionValue, Subject
from explain.compatibility import usable_case
from explain.errors import ExplainError
from explain.isolation import full_precision
from explain.layers import convolutional_layers
from explain.validation import Case, checked_options


class GradCam:
    """ReLU of the last convolutional activations weighted by their mean gradients, scaled up to the image.

    The map [H, W] is spread evenly over the channels, so that summing over channels gives it back. Inputs that
    are not images get zeros. The layer is found by watching a forward pass (`explain.layers`).

    References
    ----------
    Selvaraju et al.: Grad-CAM, 2017. Computed by Captum.
    """

    name = "grad_cam"
    title = "Grad-CAM"
    what = "Which coarse areas, as the last convolutional layer sees them, speak for this answer."
    what_not = "Not a sharp outline: one cell of the map covers a large part of the image. Shows only what speaks for."
    signed = False

    def config_spec(self) -> tuple[Option, ...]:
        """Return no options: the layer follows from the model."""
        return ()

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether there is an image whose last convolutional activations the answer depends on."""
        with full_precision(inputs[0].device):
            case = usable_case(subject, inputs)
            if case is None:
                return False
            layers = convolutional_layers(case.module, subject.kinds, case.inputs)
            return bool(layers) and all(_has_gradient(case, layer) for layer in layers.values())

    def explain(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        label: int,
        baselines: tuple[Tensor, ...] | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Attribution:
        """Return the enlarged maps; see `explain.base.Explainer.explain`."""
        checked_options(self, options)

        def compute(case: Case) -> Computed:
            layers = convolutional_layers(case.module, subject.kinds, case.inputs)
            if not layers:
                raise ExplainError("Grad-CAM needs an image and a convolutional layer; this model has none that fits.")
            return Computed(tuple(_map(case, layers.get(n), item) for n, item in enumerate(case.inputs)))

        return answer(subject, inputs, label, baselines, signed=self.signed, compute=compute)


def _map(case: Case, layer: nn.Module | None, item: Tensor) -> Tensor:
    if layer is None:
        return torch.zeros_like(item)
    coarse = _coarse(case, layer, relu=True)
    height, width = item.shape[-2:]
    fine: Tensor = LayerAttribution.interpolate(coarse, (height, width), "bilinear")  # [1, 1, H, W]
    return fine.expand_as(item) / item.shape[1]


def _coarse(case: Case, layer: nn.Module, *, relu: bool) -> Tensor:
    """Return Captum's map [1, 1, h, w] of the layer."""
    points = tuple(item.detach().requires_grad_(item.is_floating_point()) for item in case.inputs)
    values: Tensor = LayerGradCam(case.module, layer).attribute(
        points, target=case.label, relu_attributions=relu, attr_dim_summation=True
    )
    return values.detach()


def _has_gradient(case: Case, layer: nn.Module) -> bool:
    try:
        coarse = _coarse(case, layer, relu=False)
    except (RuntimeError, AssertionError):
        return False
    return bool(torch.isfinite(coarse).all()) and bool(coarse.any())
