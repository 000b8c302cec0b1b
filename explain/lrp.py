"""Layer-wise relevance propagation, as input x gradient of a network whose steps are frozen in proportion."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from explain.answer import Computed
from explain.base import Cost, Option, Subject
from explain.compatibility import has_input_gradient, succeeds
from explain.errors import ExplainError
from explain.functions import LIMITS, RELUS, Function, Replaced, Rule, local_slope, out_of_place
from explain.gradients import gradients_of, refuse_vanished, times_change
from explain.method import Chosen, Method
from explain.quality import added_up, completeness_error
from explain.validation import Case

TOLERANCE = 0.01
"""Relevance that may be lost; above it a step of the model has no rule."""
CLOSE = 1e-9
"""Keeps a proportion finite; Captum's stability factor."""
UNFIT = (
    "Layer-wise relevance propagation does not fit this model: relevance is not conserved ({total:.3g} of "
    "{difference:.3g} arrives), so a step of the model has no rule. Try integrated gradients or occlusion."
)
THROUGH_ZERO: tuple[Function, ...] = (
    *RELUS,
    *LIMITS,
    functional.gelu,
    functional.silu,
    functional.mish,
    functional.elu,
    functional.leaky_relu,
    functional.hardswish,
    functional.tanh,
    torch.tanh,
    Tensor.tanh,
)
"""Functions with f(0) = 0, which pass relevance on in proportion; limits that have not are found out by the check."""
SOFTMAX: tuple[Function, ...] = (functional.softmax, torch.softmax, Tensor.softmax)


class LayerwiseRelevance(Method):
    """Relevance that goes back from the logit to the input, shared out at each layer in proportion to what came in.

    Every step is frozen into one that is linear: an activation into its answer over its input; attention weights, the
    spread in a layer normalisation and the choice of a maximum as they are. Layers with weights share relevance by
    the gamma rule (positive weights count 1 + gamma) where what comes in is not negative and what goes out is
    positive, and by the plain rule (LRP-epsilon) elsewhere. A value is (x - b) times the gradient of the frozen
    network, with baseline b; with zeros and gamma 0 it is Captum's LRP. The values do not add up to F(x) - F(b):
    constants inside the model (biases) take a part. What the frozen network answers at x and at b must differ by
    their sum, or the method is refused: then a step has no rule.

    References
    ----------
    Bach et al.: On Pixel-Wise Explanations by Layer-Wise Relevance Propagation, 2015. Montavon et al.: Layer-Wise
    Relevance Propagation: An Overview, 2019 (gamma). Ali et al.: XAI for Transformers, 2022 (attention, normalisation).
    """

    name = "lrp"
    title = "Layer-wise relevance"
    what = "How the answer's score is shared out backwards, layer by layer, to the parts of the input that fed it."
    what_not = "Not the effect of changing a part, and what the model's constants contribute is left out."
    signed = True
    family = "gradient"
    reads_baseline = True

    def config_spec(self) -> tuple[Option, ...]:
        """Return how much more positive weights count."""
        return (Option("gamma", "How much more positive weights count", "float", 0.25, 0.0, 10.0),)

    def work(self, subject: Subject, inputs: tuple[Tensor, ...], chosen: Chosen) -> Cost:
        """Return the rows of two passes in which layers with weights are asked twice, and of the check."""
        return Cost(5, 1)

    def is_compatible(self, subject: Subject, inputs: tuple[Tensor, ...]) -> bool:
        """Return whether relevance is conserved for this case."""
        gamma = float(self.config_spec()[0].default)
        return has_input_gradient(subject, inputs, zero_is_fine=False) and succeeds(
            subject, inputs, lambda case: bool(_relevance(case, gamma).values)
        )

    def compute(self, case: Case, chosen: Chosen) -> Computed:
        """Return relevances."""
        return _relevance(case, float(chosen["gamma"]))


def _relevance(case: Case, gamma: float) -> Computed:
    frozen = Frozen(gamma)
    leaves = tuple(item.detach().requires_grad_() for item in case.inputs)
    with frozen.applied():
        logit = case.logit(*leaves).sum()
    slopes = gradients_of(logit, leaves)
    refuse_vanished(slopes)
    with torch.no_grad(), frozen.applied():
        rest = float(case.logit(*case.baselines))
    values = times_change(case, slopes)
    arrived, difference = added_up(values), float(logit.detach()) - rest
    if not completeness_error(arrived, difference, case.scale) <= TOLERANCE:
        raise ExplainError(UNFIT.format(total=arrived, difference=difference))
    return Computed(values, steps=1)


class Frozen:
    """Rules that freeze each step at the first pass and take it as it was in later ones.

    Parameters
    ----------
    gamma
        How much more positive weights count.
    """

    def __init__(self, gamma: float) -> None:
        self.gamma = gamma
        self.kept: list[Tensor] = []
        self.place = 0
        self.first = True

    def applied(self) -> Replaced:
        """Return the mode for the next pass."""
        self.first, self.place = not self.kept, 0
        rules: dict[Function, Rule] = dict.fromkeys(THROUGH_ZERO, self._activation)
        rules |= dict.fromkeys(SOFTMAX, self._softmax)
        rules |= dict.fromkeys((functional.linear, functional.conv1d, functional.conv2d), self._weighted)
        rules |= dict.fromkeys((torch.amax, Tensor.amax), self._largest)
        return Replaced(rules | {functional.layer_norm: self._layer_norm, functional.max_pool2d: self._max_pool})

    def _keep(self, compute: Callable[[], Tensor]) -> Tensor:
        """Return what the first pass computed at this place."""
        if self.first:
            with torch.no_grad():
                self.kept.append(compute())
        self.place += 1
        if self.place > len(self.kept):
            raise ExplainError("the model takes other steps for the baseline than for the input. Try occlusion.")
        return self.kept[self.place - 1]

    def _activation(
        self, function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]
    ) -> Tensor:
        def proportion() -> Tensor:
            near = value.abs() < CLOSE
            own = out_of_place(function, value, others, named) / torch.where(near, 1.0, value)
            return torch.where(near, local_slope(function, value, others, named), own)

        return value * self._keep(proportion)

    def _softmax(self, function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]) -> Tensor:
        weights = self._keep(lambda: out_of_place(function, value, others, named))
        return weights.expand_as(value)

    def _weighted(self, function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]) -> Tensor:
        plain = out_of_place(function, value, others, named)
        if self.gamma == 0:
            return plain
        raised = _raised(function, value, others, named, self.gamma)

        def proportion() -> Tensor:
            fits = (plain > 0) & bool((value >= 0).all())
            return torch.where(fits, plain / (raised + torch.where(raised < 0, -CLOSE, CLOSE)), torch.nan)

        kept = self._keep(proportion)
        return torch.where(kept.isnan(), plain, raised * kept.nan_to_num())

    def _layer_norm(
        self, function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]
    ) -> Tensor:
        settings = dict(zip(("normalized_shape", "weight", "bias", "eps"), others, strict=False)) | dict(named)
        shape, weight, bias = settings["normalized_shape"], settings.get("weight"), settings.get("bias")
        places = tuple(range(-len(shape), 0))
        centred = value - value.mean(dim=places, keepdim=True)
        small = settings.get("eps", 1e-5)
        normed = centred * self._keep(lambda: (centred.square().mean(dim=places, keepdim=True) + small).rsqrt())
        scaled = normed if weight is None else normed * weight
        return scaled if bias is None else scaled + bias

    def _max_pool(self, function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]) -> Tensor:
        asked = {**named, "return_indices": True}
        chosen = self._keep(lambda: function(value, *others, **asked)[1])  # [B, C, h, w], places in the map
        return value.flatten(2).gather(2, chosen.flatten(2)).view(chosen.shape)

    def _largest(self, function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any]) -> Tensor:
        dim = others[0] if others else named.get("dim")
        if not isinstance(dim, int) or len(others) > 1 or named.get("keepdim"):
            return out_of_place(function, value, others, named)
        chosen = self._keep(lambda: value.argmax(dim=dim, keepdim=True))
        return value.gather(dim, chosen).squeeze(dim)


def _raised(
    function: Function, value: Tensor, others: tuple[Any, ...], named: Mapping[str, Any], gamma: float
) -> Tensor:
    """Return the layer's answer with positive weights raised by the share `gamma`."""
    weight: Tensor = others[0] if others else named["weight"]
    more = weight + gamma * weight.clamp(min=0)
    if others:
        return out_of_place(function, value, (more, *others[1:]), named)
    return out_of_place(function, value, (), {**named, "weight": more})
