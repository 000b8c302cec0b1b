"""Grad-CAM: where the last convolutional activations speak for the label."""

from captum.attr import LayerGradCam
from torch import Tensor

from explain.activation_map import ActivationMap, at_image_size
from explain.base import Cost, Subject
from explain.gradients import refuse_vanished
from explain.layers import convolutional_layer
from explain.method import Chosen
from explain.validation import Case


class GradCam(ActivationMap):
    """ReLU of the last convolutional activations weighted by their mean gradients, scaled up to the image.

    The layer is found by watching a forward pass (`explain.layers`).

    References
    ----------
    Selvaraju et al.: Grad-CAM, 2017. Computed by Captum.
    """

    name = "grad_cam"
    title = "Grad-CAM"
    what = "Which coarse areas, as the last convolutional layer sees them, speak for this answer."
    what_not = "Not a sharp outline: one cell of the map covers a large part of the image. Shows only what speaks for."

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return the rows of finding the layer and of its gradient."""
        return Cost(2, 1)

    def coarsest(self, case: Case) -> Tensor:
        """Return Captum's map [1, 1, h, w] of the layer, with what speaks against the label below zero."""
        layer = convolutional_layer(case.module, case.inputs[0])
        if layer is None:
            raise self.unfit()
        values: Tensor = LayerGradCam(case.module, layer).attribute(
            case.inputs[0].detach().requires_grad_(),
            target=case.label,
            relu_attributions=False,
            attr_dim_summation=True,
        )
        refuse_vanished((values,))
        return values.detach()

    def enlarged(self, case: Case, chosen: Chosen) -> Tensor:
        """Return what speaks for the label, scaled up."""
        return at_image_size(self.coarsest(case).clamp(min=0), case)
