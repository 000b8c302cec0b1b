"""The small transformer: its vocabulary, its padding, its order."""

import pytest
import torch
from torch import nn

from core.contracts import EncoderSpec, FieldSpec
from core.errors import BadInput
from core.models.encoders.base import initialise
from core.models.encoders.transformer import Attention, TextTransformer

FIELD = FieldSpec(name="note", kind="text", tokens=8)
SPEC = EncoderSpec(name="transformer", width=8, heads=2, vocabulary=16, layers=2)
TRAINING = torch.tensor([[5, 7, 7, 9, 0, 0, 0, 0], [5, 7, 11, 0, 0, 0, 0, 0], [9, 7, 5, 13, 0, 0, 0, 0]])


@pytest.fixture
def encoder():
    made = TextTransformer(SPEC, FIELD)
    initialise(made, torch.Generator().manual_seed(0))
    made.fit(TRAINING)
    return made.eval()


def vector(encoder, *words, length=8):
    row = torch.zeros(1, length, dtype=torch.int64)
    row[0, : len(words)] = torch.tensor(words)
    entry = encoder.enter(row)
    with torch.no_grad():
        return encoder(entry.values, entry.present)[0]


def test_the_vocabulary_is_what_occurs_twice(encoder):
    known = encoder.vocabulary[encoder.vocabulary < 100].tolist()
    assert known == [5, 7, 9]


def test_the_most_frequent_words_fit_a_small_vocabulary():
    made = TextTransformer(SPEC, FIELD)
    texts = torch.arange(1, 41)[:, None].repeat(1, 2)
    texts = torch.cat([texts, torch.tensor([[33, 33], [37, 37]])])
    made.fit(texts)
    assert len(made.vocabulary) == 16
    assert {33, 37} <= set(made.vocabulary.tolist())


def test_words_that_are_not_in_the_vocabulary_are_all_alike(encoder):
    assert torch.equal(vector(encoder, 5, 11, 7), vector(encoder, 5, 999, 7))
    assert torch.equal(vector(encoder, 5, 2**63 - 2, 7), vector(encoder, 5, 1, 7))
    assert not torch.allclose(vector(encoder, 5, 11, 7), vector(encoder, 5, 9, 7))


def test_order_matters(encoder):
    assert not torch.allclose(vector(encoder, 5, 7, 9), vector(encoder, 9, 7, 5))


def test_padding_changes_nothing(encoder):
    alone = vector(encoder, 5, 7, length=2)
    assert torch.allclose(alone, vector(encoder, 5, 7), atol=1e-6)
    row = torch.zeros(2, 8, dtype=torch.int64)
    row[0, :2], row[1] = torch.tensor([5, 7]), 9
    entry = encoder.enter(row)
    with torch.no_grad():
        assert torch.allclose(alone, encoder(entry.values, entry.present)[0], atol=1e-6)
        noisy = entry.values + 100.0 * ~entry.present.unsqueeze(2)
        assert torch.allclose(alone, encoder(noisy, entry.present)[0], atol=1e-6)


def test_a_text_without_words_is_all_zeros(encoder):
    assert vector(encoder).tolist() == [0.0] * encoder.dim


def test_attention_equals_the_library_s(encoder):
    """The same weights in `torch.nn.MultiheadAttention`, with places masked."""
    ours, reference = Attention(8, 2), nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        reference.in_proj_weight.copy_(ours.mix.weight)
        reference.in_proj_bias.copy_(ours.mix.bias)
        reference.out_proj.weight.copy_(ours.out.weight)
        reference.out_proj.bias.copy_(ours.out.bias)
        values, there = torch.randn(3, 5, 8), torch.ones(3, 5, dtype=torch.bool)
        there[0, 3:] = False
        expected, _ = reference(values, values, values, key_padding_mask=~there, need_weights=False)
        assert torch.allclose(ours(values, there), expected, atol=1e-5)


def test_word_pieces_are_refused_in_words():
    pieces = FIELD.model_copy(update={"tokeniser": "wordpiece"})
    with pytest.raises(BadInput, match="'transformer' reads words; field 'note' has tokeniser 'wordpiece'"):
        TextTransformer(SPEC, pieces)


def test_heads_that_do_not_divide_the_width_are_refused_in_words():
    with pytest.raises(BadInput, match="width"):
        TextTransformer(SPEC.model_copy(update={"width": 10, "heads": 4}), FIELD)
