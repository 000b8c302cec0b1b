"""Categories as one-hot rows, by hand."""

import torch

from core.contracts import EncoderSpec, FieldSpec
from core.models.encoders.category_embedding import CategoryEmbedding

FIELD = FieldSpec(name="colour", kind="categorical", categories=("red", "green", "blue"))


def encoder():
    return CategoryEmbedding(EncoderSpec(name="embedding"), FIELD)


def test_entries_are_one_hot_and_zero_where_missing():
    entry = encoder().enter(torch.tensor([[1], [-1], [0]]))
    assert entry.values.tolist() == [[0, 1, 0], [0, 0, 0], [1, 0, 0]]
    assert entry.present.tolist() == [True, False, True]


def test_each_category_is_a_column_of_the_table():
    made = encoder()
    found = made(made.enter(torch.tensor([[2], [0]])).values)
    assert torch.equal(found, made.table.weight.T[[2, 0]])


def test_the_average_case_is_what_stands_for_absent():
    made = encoder()
    made.fit(torch.tensor([[0], [0], [1], [-1], [2]]))
    assert made.neutral(torch.zeros(2, 3)).tolist() == [[0.5, 0.25, 0.25]] * 2
