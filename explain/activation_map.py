"""Methods that show where convolutional activations speak for a label."""

from abc import abstractmethod

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from explain.answer import Computed
from explain.base import Subject
from explain.compatibility import succeeds
from explain.errors import ExplainError
from explain.method import Chosen, Method
from explain.validation import Case

UNFIT = (
    "{title} needs a model of one image and nothing else, with a convolutional layer; this one does not fit. "
    "Try integrated gradients or occlusion."
)


class ActivationMap(Method):
    """A map [H, W] of what speaks for, spread evenly over the channels: summing over channels gives it back.

    It fits models of one image and nothing else. A map holds activations, not shares of the logit: beside other inputs
    it would say nothing of them and pass for the whole answer, and the maps of two images have two scales.
    """

    signed = False
    family = "activation"
    reads_baseline = False

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether an image is all the model sees and its last convolutional activations have a gradient."""

        def is_finite(case: Case) -> bool:
            return bool(torch.isfinite(self.coarsest(case)).all())

        return subject.kinds == ("image",) and succeeds(subject, inputs, is_finite)

    def compute(self, case: Case, chosen: Chosen) -> Computed:
        """Return the enlarged map, after refusing a model of other inputs."""
        if case.subject.kinds != ("image",):
            raise self.unfit()
        image = case.inputs[0]
        return Computed((self.enlarged(case, chosen).expand_as(image) / image.shape[1],))  # from [1, 1, H, W]

    def unfit(self) -> ExplainError:
        """Return what is raised for a model that has no such layer."""
        return ExplainError(UNFIT.format(title=self.title))

    @abstractmethod
    def coarsest(self, case: Case) -> Tensor:
        """Return the map [1, 1, h, w] of the last layer, not zero everywhere; raises `unfit` where there is none."""

    @abstractmethod
    def enlarged(self, case: Case, chosen: Chosen) -> Tensor:
        """Return the map at the image's size, [1, 1, H, W], nowhere negative."""


def at_image_size(coarse: Tensor, case: Case) -> Tensor:
    """Return a map [1, 1, h, w] scaled up to the image, [1, 1, H, W]."""
    height, width = case.inputs[0].shape[-2:]
    return interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
