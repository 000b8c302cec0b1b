"""LayerCAM: activations weighted place by place by their own positive gradients, at several depths."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from explain.answer import Computed, answer
from explain.base import Attribution, Cost, Family, Option, OptionValue, Subject
from explain.compatibility import usable_case, works
from explain.errors import ExplainError
from explain.gradients import gradients_of, refuse_vanished
from explain.isolation import full_precision
from explain.layers import convolutional_stages
from explain.validation import Case, checked_options

SHARPENING = 2.0
"""The paper's factor: maps of several depths are compared as tanh(2 map / its maximum)."""
UNFIT = (
    "LayerCAM needs a model of one image and nothing else, with a convolutional layer; this one does not fit. "
    "Try integrated gradients or occlusion."
)


class LayerCam:
    """ReLU of the sum over channels of ReLU(dF/dA) A, for the activations A of the last `stages` sizes of map.

    Unlike Grad-CAM, each place has its own weight, so that earlier and finer layers make sense too. Maps of several
    depths are brought to 0..1 (tanh of twice the map over its maximum), scaled up to the image, and the largest value
    at each pixel counts; with one stage the map stays as it is. The map [H, W] is spread evenly over the channels.

    It fits models of one image and nothing else, as Grad-CAM does and for its reasons.

    References
    ----------
    Jiang et al.: LayerCAM: Exploring Hierarchical Class Activation Maps for Localization, 2021.
    """

    name = "layer_cam"
    title = "LayerCAM"
    what = "Which areas, as the last convolutional layers of two or more sizes see them, speak for this answer."
    what_not = "Not shares of the answer: it shows only what speaks for, and how much only roughly."
    signed = False
    family: Family = "activation"
    reads_baseline = False

    def config_spec(self) -> tuple[Option, ...]:
        """Return how many sizes of map are joined."""
        return (Option("stages", "Sizes of map that are joined, from the coarsest", "int", 2, 1, 5),)

    def cost(
        self, subject: Subject, inputs: tuple[Tensor, ...], options: Mapping[str, OptionValue] | None = None
    ) -> Cost:
        """Return the estimated work of one map."""
        return Cost(3, 1)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether an image is all the model sees and its last convolutional activations have a gradient."""
        if subject.kinds != ("image",):
            return False
        with full_precision(inputs[0].device):
            case = usable_case(subject, inputs)
            return case is not None and works(lambda: all(bool(part.isfinite().all()) for part in _maps(case, 1)))

    def explain(
        self,
        subject: Subject,
        inputs: tuple[Tensor, ...],
        label: int,
        baselines: tuple[Tensor, ...] | None = None,
        options: Mapping[str, OptionValue] | None = None,
    ) -> Attribution:
        """Return the joined maps; see `explain.base.Explainer.explain`."""
        stages = int(checked_options(self, options)["stages"])

        def compute(case: Case) -> Computed:
            if subject.kinds != ("image",):
                raise ExplainError(UNFIT)
            image = case.inputs[0]
            joined = _joined(_maps(case, stages), (image.shape[-2], image.shape[-1]))
            return Computed((joined.expand_as(image) / image.shape[1],))  # [1, 1, H, W] to [1, C, H, W]

        return answer(subject, inputs, label, baselines, signed=self.signed, compute=compute)


def _maps(case: Case, stages: int) -> tuple[Tensor, ...]:
    """Return the map [1, 1, h, w] of each stage, coarsest first."""
    layers = convolutional_stages(case.module, case.inputs[0], stages)
    if not layers:
        raise ExplainError(UNFIT)
    logit, activations = _watched(case, layers)
    gradients = gradients_of(logit, activations)
    refuse_vanished(gradients)
    pairs = zip(activations, gradients, strict=True)
    return tuple(
        (gradient.clamp(min=0) * activation.detach()).sum(dim=1, keepdim=True).clamp(min=0)
        for activation, gradient in pairs
    )


def _watched(case: Case, layers: Sequence[nn.Module]) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Return the logit and what each layer answered on the way to it."""
    seen: dict[nn.Module, Tensor] = {}

    def keep(layer: nn.Module, _: object, output: Tensor | tuple[Tensor, ...]) -> None:
        seen[layer] = output[0] if isinstance(output, tuple) else output

    handles = [layer.register_forward_hook(keep) for layer in layers]
    try:
        logit = case.logit(case.inputs[0].detach().requires_grad_()).sum()
    finally:
        for handle in handles:
            handle.remove()
    return logit, tuple(seen[layer] for layer in layers)


def _joined(maps: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
    """Return the maps scaled up to `size`, and the largest of them at each pixel, [1, 1, H, W]."""
    if len(maps) > 1:
        maps = [torch.tanh(SHARPENING * part / part.max().clamp(min=torch.finfo(part.dtype).tiny)) for part in maps]
    fine = [interpolate(part, size, mode="bilinear", align_corners=False) for part in maps]
    return torch.stack(fine).amax(dim=0)
