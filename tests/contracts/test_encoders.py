"""What every registered encoder must do."""

import pytest
import torch

from core.contracts import EncoderSpec, FieldSpec
from core.errors import BadInput
from core.models.encoders import build_encoder, encoder_names

SPECS = {
    "mlp": EncoderSpec(name="mlp", hidden=(7, 5)),
    "cnn": EncoderSpec(name="cnn", hidden=(4, 6)),
    "timm": EncoderSpec(name="timm", backbone="test_byobnet", weights="random"),
}
every_encoder = pytest.mark.parametrize("name", encoder_names())
colours = pytest.mark.parametrize("colour", ["grey", "rgb"])


def encoder_and_inputs(name: str, colour: str, size: int = 32):
    field = FieldSpec(name="image", kind="image", size=size, colour=colour)
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(3, 1 if colour == "grey" else 3, size, size, generator=generator)
    return build_encoder(SPECS[name], field), inputs


def test_every_encoder_is_tested():
    assert set(SPECS) == set(encoder_names())


@every_encoder
@colours
def test_vectors_are_as_long_as_it_says_and_finite(name, colour):
    encoder, inputs = encoder_and_inputs(name, colour)
    vectors = encoder(inputs)
    assert vectors.shape == (3, encoder.dim)
    assert torch.isfinite(vectors).all()


@every_encoder
def test_each_case_is_encoded_by_itself(name):
    encoder, inputs = encoder_and_inputs(name, "grey")
    encoder.eval()
    assert torch.allclose(encoder(inputs)[1:2], encoder(inputs[1:2]), atol=1e-5)


@every_encoder
def test_gradients_reach_the_input(name):
    encoder, inputs = encoder_and_inputs(name, "grey")
    (gradient,) = torch.autograd.grad(encoder(inputs.requires_grad_(True)).pow(2).sum(), inputs)
    assert gradient.shape == inputs.shape
    assert float(gradient.abs().sum()) > 0


@every_encoder
def test_only_frozen_ones_have_a_key_and_no_trainable_weight(name):
    encoder, _ = encoder_and_inputs(name, "grey")
    assert encoder.frozen == bool(encoder.key)
    assert encoder.frozen != any(parameter.requires_grad for parameter in encoder.parameters())


@every_encoder
def test_serving_copies_answer_alike(name):
    encoder, inputs = encoder_and_inputs(name, "grey")
    with torch.no_grad():
        before = encoder(inputs)
        encoder.speed_up(inputs[:1])
        assert torch.allclose(encoder(inputs), before, atol=1e-4)


@every_encoder
def test_attribution_methods_can_follow_its_modules(name):
    """No functional activation in ours: DeepLift and GuidedBackprop are silently wrong with them."""
    encoder, _ = encoder_and_inputs(name, "grey")
    kinds = {type(module).__name__ for module in encoder.modules()}
    assert "ReLU" in kinds
    assert name == "timm" or "MaxPool2d" not in kinds


@every_encoder
def test_one_pixel_images_work_or_are_refused(name):
    encoder, inputs = encoder_and_inputs(name, "grey", size=1)
    assert encoder(inputs).shape == (3, encoder.dim)


@every_encoder
def test_text_is_refused_in_words(name):
    with pytest.raises(BadInput, match="note"):
        build_encoder(SPECS[name], FieldSpec(name="note", kind="text"))
