"""Models behind one frozen encoder: the same attributions, each altered input read once."""

import numpy as np
import pytest
import torch

from core.learning.marks import paste
from core.learning.proof.attribution import shares_of_models
from core.learning.proof.shared import can_share
from explain.registry import explainer
from tests.helpers.learning_parts import DEVICE, marked_of
from tests.helpers.model_parts import RANDOM_BACKBONE, cases_of, model_of, spec_of


@pytest.fixture(scope="module")
def models():
    """Two heads on one frozen encoder."""
    spec = spec_of(fields=[{"name": "image", "kind": "image", "size": 32, "colour": "rgb"}], encoder=RANDOM_BACKBONE)
    return [model_of(spec, seed, f"v{seed}", output_sd=(1.0,) * 3) for seed in (0, 1)]


def test_shares_are_as_without_sharing_and_each_input_is_read_once(models):
    spec, method = models[0].spec, explainer("occlusion")
    marks = marked_of(spec, 2)
    pasted = paste(cases_of(spec, 2).batch([0, 1], DEVICE), marks, torch.tensor([0, 1]), torch.Generator())
    target = spec.targets[0].name
    read = {"v0": 0, "v1": 0}
    hooks = [_counting(model, read) for model in models]
    together = shares_of_models(models, pasted, target, method)
    for hook in hooks:
        hook.remove()
    assert can_share(models)
    assert read["v0"] > 2
    assert read["v1"] == 0  # all that the second model asks, the first one had read
    alone = [shares_of_models([model], pasted, target, method)[0] for model in models]
    for own, single in zip(together, alone, strict=True):
        assert np.allclose(own, single, atol=1e-5)
    assert not np.allclose(together[0], together[1])


def _counting(model, read):
    def count(*_):
        read[model.version] += 1

    return model.network.encoder("image").register_forward_hook(count)


def test_models_that_train_their_encoder_do_not_share():
    spec = spec_of()
    assert not can_share([model_of(spec, 0), model_of(spec, 1)])
