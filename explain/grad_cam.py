"""Grad-CAM: where the last convolutional activations speak for the label."""

from collections.abc import Mapping

import torch
from captum.attr import LayerAttribution, LayerGradCam
from torch import Tensor, nn

from explain.answer import Computed, answer
from explain.base import Attribution, Cost, Family, Option, OptionValue, Subject
from explain.compatibility import usable_case, works
from explain.errors import ExplainError
from explain.gradients import refuse_vanished
from explain.isolation import full_precision
from explain.layers import convolutional_layer
from explain.validation import Case, checked_options

UNFIT = (
    "Grad-CAM needs a model of one image and nothing else, with a convolutional layer; this one does not fit. "
    "Try integrated gradients or occlusion."
)


class GradCam:
    """ReLU of the last convolutional activations weighted by their mean gradients, scaled up to the image.

    The map [H, W] is spread evenly over the channels, so that summing over channels gives it back. The layer is found
    by watching a forward pass (`explain.layers`).

    It fits models of one image and nothing else. A map holds activations, not shares of the logit: beside other inputs
    it would say nothing of them and pass for the whole answer, and the maps of two images have two scales.

    References
    ----------
    Selvaraju et al.: Grad-CAM, 2017. Computed by Captum.
    """

    name = "grad_cam"
    title = "Grad-CAM"
    what = "Which coarse areas, as the last convolutional layer sees them, speak for this answer."
    what_not = "Not a sharp outline: one cell of the map covers a large part of the image. Shows only what speaks for."
    signed = False
    family: Family = "activation"
    reads_baseline = False

    def config_spec(self) -> tuple[Option, ...]:
        """Return no options: the layer follows from the model."""
        return ()

    def cost(
        self, subject: Subject, inputs: tuple[Tensor, ...], options: Mapping[str, OptionValue] | None = None
    ) -> Cost:
        """Return the estimated work of one map."""
        return Cost(2, 1)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether an image is all the model sees and its last convolutional activations have a gradient."""
        if subject.kinds != ("image",):
            return False
        with full_precision(inputs[0].device):
            case = usable_case(subject, inputs)
            return case is not None and works(lambda: _has_gradient(case))

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
            layer = convolutional_layer(case.module, case.inputs[0]) if subject.kinds == ("image",) else None
            if layer is None:
                raise ExplainError(UNFIT)
            return Computed((_map(case, layer, case.inputs[0]),))

        return answer(subject, inputs, label, baselines, signed=self.signed, compute=compute)


def _map(case: Case, layer: nn.Module, image: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    coarse = _coarse(case, layer)
    refuse_vanished((coarse,))
    fine: Tensor = LayerAttribution.interpolate(coarse.clamp(min=0), (height, width), "bilinear")
    return fine.expand_as(image) / image.shape[1]  # [1, 1, H, W] to [1, C, H, W]


def _coarse(case: Case, layer: nn.Module) -> Tensor:
    """Return Captum's map [1, 1, h, w] of the layer, with what speaks against the label below zero."""
    point = case.inputs[0].detach().requires_grad_()
    values: Tensor = LayerGradCam(case.module, layer).attribute(
        point, target=case.label, relu_attributions=False, attr_dim_summation=True
    )
    return values.detach()


def _has_gradient(case: Case) -> bool:
    """Return whether there is a layer whose activations the answer has a finite gradient by."""
    layer = convolutional_layer(case.module, case.inputs[0])
    if layer is None:
        return False
    coarse = _coarse(case, layer)
    return bool(torch.isfinite(coarse).all()) and bool(coarse.any())
