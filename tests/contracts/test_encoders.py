"""What every registered encoder must do, on prepared inputs of the kind that it reads."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor

from core.contracts import EncoderSpec, FieldSpec, WorkspaceSpec
from core.errors import BadInput
from core.models.encoders import Encoder, build_encoder, encoder_names
from core.models.encoders.base import initialise
from core.models.encoders.registry import ENCODERS
from core.models.preparers import preparer
from tests.helpers.model_parts import AGE, COLOUR, IMAGE, NOTE, cases_of, spec_of

SPECS = {
    "mlp": EncoderSpec(name="mlp", hidden=(7, 5)),
    "cnn": EncoderSpec(name="cnn", hidden=(4, 6)),
    "timm": EncoderSpec(name="timm", backbone="test_byobnet", weights="random"),
    "piecewise_linear": EncoderSpec(name="piecewise_linear"),
    "embedding": EncoderSpec(name="embedding"),
    "transformer": EncoderSpec(name="transformer", width=8, heads=2, vocabulary=32),
    "minilm": EncoderSpec(name="minilm"),
}
FIELDS = {"image": {**IMAGE, "size": 32}, "numeric": AGE, "categorical": COLOUR, "text": NOTE}
COUNT = 6
every_encoder = pytest.mark.parametrize("name", encoder_names())
every_image_encoder = pytest.mark.parametrize("name", encoder_names("image"))


@dataclass(frozen=True)
class Case:
    """An encoder that is ready to encode, and prepared inputs; row 0 is missing where `optional`."""

    spec: WorkspaceSpec
    encoder: Encoder
    prepared: Tensor

    @property
    def field(self) -> FieldSpec:
        return self.spec.fields[0]


def workspace(name: str, **changes) -> WorkspaceSpec:
    field = {**FIELDS[ENCODERS[name].reads], **({"tokeniser": "wordpiece"} if name == "minilm" else {}), **changes}
    return spec_of(fields=[field], encoder=None)


def built(name: str, *, load_weights: bool = True, **changes) -> Case:
    spec = workspace(name, **changes)
    encoder = build_encoder(SPECS[name], spec.fields[0], load_weights=load_weights)
    if not encoder.frozen:
        initialise(encoder, torch.Generator().manual_seed(0))
    prepared = cases_of(spec, COUNT).inputs[spec.fields[0].name]
    encoder.fit(cases_of(spec, 50, seed=1).inputs[spec.fields[0].name])
    return Case(spec, encoder.eval(), prepared)


def vectors(encoder: Encoder, prepared: Tensor) -> Tensor:
    entry = encoder.enter(prepared)
    with torch.no_grad():
        return encoder(entry.values, entry.present)


def test_every_encoder_is_tested():
    assert set(SPECS) == set(encoder_names())


@every_encoder
def test_vectors_are_as_long_as_it_says_and_finite(name):
    case = built(name)
    found = vectors(case.encoder, case.prepared)
    assert found.shape == (COUNT, case.encoder.dim)
    assert torch.isfinite(found).all()
    assert len({tuple(row) for row in found.tolist()}) > 1


@every_image_encoder
def test_colour_images_have_vectors_too(name):
    case = built(name, colour="rgb")
    assert case.prepared.shape[1] == 3
    assert vectors(case.encoder, case.prepared).shape == (COUNT, case.encoder.dim)


@every_encoder
def test_no_case_at_all_gives_no_vector(name):
    case = built(name)
    assert vectors(case.encoder, case.prepared[:0]).shape == (0, case.encoder.dim)


@every_encoder
def test_twice_the_same_vectors(name):
    case, again = built(name), built(name)
    assert torch.equal(vectors(case.encoder, case.prepared), vectors(case.encoder, case.prepared))
    assert torch.equal(vectors(case.encoder, case.prepared), vectors(again.encoder, case.prepared))


@every_encoder
def test_each_case_is_encoded_by_itself(name):
    case = built(name)
    together = vectors(case.encoder, case.prepared)
    for row in range(COUNT):
        assert torch.allclose(together[row : row + 1], vectors(case.encoder, case.prepared[row : row + 1]), atol=1e-5)


@every_encoder
def test_entries_are_floats_that_say_which_rows_hold_a_value(name):
    case = built(name, required=False)
    entry = case.encoder.enter(case.prepared)
    assert entry.values.is_floating_point()
    assert len(entry.values) == COUNT
    assert torch.isfinite(entry.values).all()
    assert entry.rows.tolist() == preparer(case.field).present(case.prepared).tolist()
    assert entry.rows.tolist() == [row % 5 != 0 for row in range(COUNT)]


@every_encoder
def test_neutral_entries_have_the_same_shape_and_do_not_look_at_the_values(name):
    case = built(name)
    values = case.encoder.enter(case.prepared).values.detach()
    neutral = case.encoder.neutral(values)
    assert neutral.shape == values.shape
    assert torch.equal(neutral, case.encoder.neutral(values * 2 + 1))
    assert case.encoder.spread() > 0


@every_encoder
def test_gradients_reach_the_entry(name):
    case = built(name)
    entry = case.encoder.enter(case.prepared)
    values = entry.values.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(case.encoder(values, entry.present).pow(2).sum(), values)
    assert gradient.shape == values.shape
    assert torch.isfinite(gradient).all()
    assert float(gradient.abs().sum()) > 0


@every_encoder
def test_the_gradient_of_the_gradient_is_finite_where_it_trains(name):
    """The gradient penalty of guided retraining needs it."""
    case = built(name)
    entry = case.encoder.enter(case.prepared)
    values = entry.values.detach().requires_grad_()
    encoder = case.encoder.train()
    (gradient,) = torch.autograd.grad(encoder(values, entry.present).pow(2).sum(), values, create_graph=True)
    weights = [weight for weight in encoder.parameters() if weight.requires_grad]
    assert bool(weights) != encoder.frozen
    if not weights:
        return
    found = torch.autograd.grad(gradient.pow(2).sum(), weights, allow_unused=True)
    seen = [item for item in found if item is not None]
    assert all(torch.isfinite(item).all() for item in seen)
    assert sum(float(item.abs().sum()) for item in seen) > 0


@every_encoder
def test_stored_weights_give_the_same_vectors(name):
    """Bins, vocabularies and shares are part of what is stored."""
    case = built(name)
    fresh = build_encoder(SPECS[name], case.field, load_weights=False).eval()
    fresh.load_state_dict(case.encoder.state_dict())
    assert torch.equal(vectors(fresh, case.prepared), vectors(case.encoder, case.prepared))
    values = case.encoder.enter(case.prepared).values.detach()
    assert torch.equal(fresh.neutral(values), case.encoder.neutral(values))
    assert fresh.key == case.encoder.key


@every_encoder
def test_fitting_depends_on_the_cases_alone_not_on_what_was_fitted_before(name):
    case = built(name)
    others = cases_of(case.spec, 30, seed=9).inputs[case.field.name]
    state = {key: tensor.clone() for key, tensor in case.encoder.state_dict().items()}
    case.encoder.fit(others)
    case.encoder.fit(cases_of(case.spec, 50, seed=1).inputs[case.field.name])
    assert torch.equal(vectors(case.encoder, case.prepared), vectors(built(name).encoder, case.prepared))
    assert state.keys() == case.encoder.state_dict().keys()


@every_encoder
def test_fitting_on_nothing_or_on_missing_values_alone_works(name):
    case = built(name, required=False)
    missing = case.prepared[:1].repeat(4, *[1] * (case.prepared.ndim - 1))
    fresh = build_encoder(SPECS[name], case.field, load_weights=False).eval()
    for rows in (missing[:0], missing):
        fresh.fit(rows)
        assert torch.isfinite(vectors(fresh, case.prepared)).all()


@every_encoder
def test_only_frozen_ones_have_a_key_and_no_trainable_weight(name):
    encoder = built(name).encoder
    assert encoder.frozen == bool(encoder.key)
    assert encoder.frozen != any(parameter.requires_grad for parameter in encoder.parameters())


@every_encoder
def test_serving_copies_answer_alike(name):
    case = built(name)
    before = vectors(case.encoder, case.prepared)
    with torch.no_grad():
        case.encoder.speed_up(case.encoder.enter(case.prepared[:1]).values)
    assert torch.allclose(vectors(case.encoder, case.prepared), before, atol=1e-4)


@every_encoder
def test_half_precision_serves_nearly_the_same(name):
    """On a GPU encoders serve under autocast to 16 bits; what overflows there fails here, too."""
    case = built(name)
    expected = vectors(case.encoder, case.prepared)
    with torch.autocast("cpu", dtype=torch.float16):
        found = vectors(case.encoder, case.prepared).float()
    assert torch.allclose(found, expected, atol=0.02 * max(1.0, float(expected.abs().max())))


@every_image_encoder
def test_attribution_methods_can_follow_its_modules(name):
    """No functional activation in ours: DeepLift and GuidedBackprop are silently wrong with them."""
    kinds = {type(module).__name__ for module in built(name).encoder.modules()}
    assert "ReLU" in kinds
    assert name == "timm" or "MaxPool2d" not in kinds


@every_image_encoder
def test_one_pixel_images_work(name):
    case = built(name, size=1)
    assert vectors(case.encoder, case.prepared).shape == (COUNT, case.encoder.dim)


@every_encoder
def test_fields_of_another_kind_are_refused_by_name(name):
    other = "numeric" if ENCODERS[name].reads != "numeric" else "text"
    with pytest.raises(BadInput, match=f"Encoder '{name}' reads fields of kind .* field 'note' is {other}"):
        build_encoder(SPECS[name], FieldSpec(name="note", kind=other))
