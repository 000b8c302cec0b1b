"""Words are put into texts and taken out, whatever the texts are."""

from typing import get_args

import torch
from hypothesis import given
from hypothesis import strategies as st

from core.contracts import FieldKind
from core.learning.content import CONTENTS
from core.learning.phrases import insert, phrase_of, remove

TOKENS = 8
words = st.integers(1, 9)
phrase_words = st.integers(11, 14)
texts = st.lists(words, max_size=TOKENS)
phrases = st.lists(phrase_words, max_size=TOKENS + 2)
seeds = st.integers(0, 1000)


def text_of(numbers):
    return torch.tensor([*numbers, *[0] * (TOKENS - len(numbers))], dtype=torch.int64)


def said(text):
    return [number for number in text.tolist() if number]


def drawn(seed):
    return torch.Generator().manual_seed(seed)


@given(text=st.lists(words, min_size=1, max_size=5), phrase=st.lists(phrase_words, max_size=3), seed=seeds)
def test_what_was_put_in_can_be_taken_out_again(text, phrase, seed):
    own, put = text_of(text), torch.tensor(phrase, dtype=torch.int64)
    assert torch.equal(remove(insert(own, put, drawn(seed))[0], put), own)


@given(text=texts, phrase=phrases, seed=seeds)
def test_what_was_put_in_stands_in_one_piece_where_it_says(text, phrase, seed):
    changed, places = insert(text_of(text), torch.tensor(phrase, dtype=torch.int64), drawn(seed))
    assert len(changed) == TOKENS
    assert changed[places].tolist() == phrase[:TOKENS]
    kept = changed[~places]
    assert said(kept) == text[: len(said(kept))]
    there = (changed != 0).tolist()
    assert there == sorted(there, reverse=True)


@given(text=texts, phrase=phrases)
def test_no_word_of_the_phrase_is_left_and_no_other_is_lost(text, phrase):
    left = remove(text_of([*text][:TOKENS]), torch.tensor(phrase, dtype=torch.int64))
    assert said(left) == [number for number in text if number not in phrase]
    assert len(left) == TOKENS


def test_a_text_of_nothing_else_keeps_its_first_word():
    assert said(remove(text_of([11, 12, 11]), torch.tensor([11, 12]))) == [11]


def test_words_are_put_at_every_place():
    places = {int(insert(text_of([1, 2, 3]), torch.tensor([11]), drawn(seed))[1].int().argmax()) for seed in range(60)}
    assert places == {0, 1, 2, 3}


def test_marked_places_without_a_word_are_no_phrase():
    mask = torch.tensor([False, True, False, True, False, True, False, False])
    assert phrase_of(text_of([1, 2, 3, 4]), mask).tolist() == [2, 4]


def test_every_kind_of_field_has_a_way_to_move_content():
    assert set(CONTENTS) == set(get_args(FieldKind))


@given(rows=st.lists(texts, min_size=2, max_size=4), phrase=st.lists(phrase_words, min_size=1, max_size=2), seed=seeds)
def test_exchanged_texts_keep_their_length_or_are_a_phrase_longer_or_shorter(rows, phrase, seed):
    own = torch.stack([text_of(row) for row in rows])
    donor = torch.stack([text_of(phrase)] * len(rows))
    mask = torch.zeros_like(donor, dtype=torch.bool)
    mask[:, : len(phrase)] = True
    found = CONTENTS["text"].exchange(own, own.roll(1, dims=0), donor, mask, drawn(seed))
    assert found.shape == own.shape
    for before, after in zip(rows, found, strict=True):
        assert len(said(after)) in {len(before), min(TOKENS, len(before) + len(phrase))}
