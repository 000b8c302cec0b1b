"""The section of a model of one's own in a workspace file."""

import pytest

from core.errors import WorkspaceFileError
from core.sources import parse_workspace

GOOD = """
name = "small"
title = "Small"
fields = [{ name = "image", kind = "image", size = 28 }]
targets = [{ name = "finding", classes = ["no", "yes"] }]

[model]
callable = "my_models.chest:build"
weights = "weights/own.safetensors"
head = "classifier.1"
"""


def test_a_good_section():
    model = parse_workspace(GOOD, "small.toml").model
    assert model is not None
    assert (model.callable, model.head) == ("my_models.chest:build", "classifier.1")


@pytest.mark.parametrize(
    ("found", "replaced", "sentence"),
    [
        ("chest:build", "chest", 'model.callable: got "my_models.chest", wanted the code as "module:function"'),
        (
            "weights/own",
            "../own",
            'model.weights: got "../own.safetensors", wanted the name of a .safetensors file inside',
        ),
        ("weights/own", "/own", 'model.weights: got "/own.safetensors", wanted the name of a .safetensors'),
        ("own.safetensors", "own.pt", 'model.weights: got "weights/own.pt", wanted the name of a .safetensors file'),
        ("classifier.1", " ", 'model.head: got "", wanted the name of a torch.nn.Linear'),
        ('head = "classifier.1"', 'hed = "fc"', "model.hed: unknown key, did you mean head?"),
        ("[model]", '[encoder]\nname = "mlp"\n[model]', "encoder: got a section beside [model], wanted one of the two"),
        ("[model]", '[encoders.image]\nname = "mlp"\n[model]', "encoders: got a section beside [model]"),
        ('weights = "weights/own.safetensors"', "", "model.weights: the key is missing, wanted text in quotes"),
    ],
)
def test_each_mistake_is_one_sentence(found, replaced, sentence):
    assert found in GOOD
    with pytest.raises(WorkspaceFileError) as refusal:
        parse_workspace(GOOD.replace(found, replaced, 1), "small.toml")
    assert str(refusal.value).startswith(f"small.toml: {sentence}")
    assert "\n" not in str(refusal.value)
