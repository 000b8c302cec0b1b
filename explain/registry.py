"""All explanation methods, best first."""

from torch import Tensor

from explain.attention_rollout import AttentionRollout
from explain.base import Explainer, Subject
from explain.compatibility import one_look
from explain.deep_lift import DeepLift
from explain.errors import ExplainError
from explain.expected_gradients import ExpectedGradients
from explain.feature_ablation import FeatureAblation
from explain.grad_cam import GradCam
from explain.guided_backprop import GuidedBackprop
from explain.input_x_gradient import InputXGradient
from explain.integrated_gradients import IntegratedGradients
from explain.kernel_shap import KernelShap
from explain.layer_cam import LayerCam
from explain.lime import Lime
from explain.lrp import LayerwiseRelevance
from explain.occlusion import Occlusion
from explain.saliency import Saliency
from explain.shapley_sampling import ShapleySampling
from explain.smooth_grad import SmoothGrad

_EXPLAINERS: tuple[Explainer, ...] = (
    IntegratedGradients(),
    ExpectedGradients(),
    GradCam(),
    LayerCam(),
    Occlusion(),
    FeatureAblation(),
    ShapleySampling(),
    KernelShap(),
    Lime(),
    DeepLift(),
    LayerwiseRelevance(),
    AttentionRollout(),
    SmoothGrad(),
    InputXGradient(),
    Saliency(),
    GuidedBackprop(),
)


def explainers() -> tuple[Explainer, ...]:
    """Return every method, best first."""
    return _EXPLAINERS


def explainer(name: str) -> Explainer:
    """Return the method called `name`.

    Raises
    ------
    ExplainError
        When there is none; the message lists the known names.
    """
    for method in _EXPLAINERS:
        if method.name == name:
            return method
    known = ", ".join(method.name for method in _EXPLAINERS)
    raise ExplainError(f"there is no explanation method {name!r}; known: {known}.")


def compatible(subject: Subject, inputs: tuple[Tensor, ...]) -> tuple[Explainer, ...]:
    """Return the methods that fit the model, best first; `inputs` is one example case, each [1, ...]."""
    with one_look():
        return tuple(method for method in _EXPLAINERS if method.is_compatible(subject, inputs))
