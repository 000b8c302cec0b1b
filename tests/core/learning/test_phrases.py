"""Words are put into texts and taken out, whatever the texts are."""

from typing import get_args

import torch
from hypothesis import given
from hypothesis import strategies as st

from core.contracts import FieldKind
from core.learning.content import CONTENTS
from core.learning.phrases import holds, insert, phrases_of, remove

TOKENS = 8
words = st.integers(1, 9)
phrase_words = st.integers(11, 14)
texts = st.lists(words, max_size=TOKENS)
seeds = st.integers(0, 1000)


def text_of(numbers):
    return torch.tensor([*numbers, *[0] * (TOKENS - len(numbers))], dtype=torch.int64)


def said(text):
    return [number for number in text.tolist() if number]


def drawn(seed):
    return torch.Generator().manual_seed(seed)


put = st.lists(st.lists(phrase_words, min_size=1, max_size=2).map(tuple), max_size=2, unique=True)


@given(text=st.lists(words, min_size=1, max_size=4), phrase=st.lists(phrase_words, min_size=1, max_size=3), seed=seeds)
def test_what_was_put_in_can_be_taken_out_again(text, phrase, seed):
    own, phrases = text_of(text), [tuple(phrase)]
    changed, _ = insert(own, phrases, drawn(seed))
    assert holds(changed, phrases)
    assert torch.equal(remove(changed, phrases), own)


@given(text=st.lists(words, min_size=1, max_size=TOKENS), phrases=put, seed=seeds)
def test_what_was_put_in_stands_where_it_says(text, phrases, seed):
    changed, places = insert(text_of(text), phrases, drawn(seed))
    assert len(changed) == TOKENS
    assert all(number >= 11 for number in changed[places].tolist())
    assert said(changed[~places]) == text[: len(said(changed[~places]))]
    there = (changed != 0).tolist()
    assert there == sorted(there, reverse=True)


@given(text=st.lists(st.integers(1, 3), min_size=1, max_size=TOKENS), phrase=st.lists(st.integers(1, 3), min_size=1))
def test_no_phrase_is_left_and_single_words_of_it_stay(text, phrase):
    left = remove(text_of(text), [tuple(phrase)])
    assert len(left) == TOKENS
    assert (len(text) - len(said(left))) % len(phrase) == 0 or len(said(left)) == 1


def test_only_the_whole_phrase_is_taken_out():
    assert said(remove(text_of([1, 2, 1, 3, 1, 2]), [(1, 2)])) == [1, 3]


def test_a_text_of_nothing_else_keeps_its_first_word():
    assert said(remove(text_of([11, 12, 11]), [(11, 12), (11,)])) == [11]


def test_a_missing_text_stays_missing():
    changed, places = insert(text_of([]), [(11,)], drawn(0))
    assert not changed.any()
    assert not places.any()
    assert not remove(text_of([]), [(11,)]).any()


def test_words_are_put_at_every_place():
    places = {int(insert(text_of([1, 2, 3]), [(11,)], drawn(seed))[1].int().argmax()) for seed in range(60)}
    assert places == {0, 1, 2, 3}


def test_a_phrase_is_not_put_inside_another():
    for seed in range(60):
        changed, _ = insert(text_of([1, 2]), [(11, 12), (13,)], drawn(seed))
        assert holds(changed, [(11, 12), (13,)])


def test_phrases_are_runs_of_marked_words():
    mask = torch.tensor([True, True, False, True, False, True, False, False])
    assert phrases_of(text_of([1, 2, 3, 4]), mask) == ((1, 2), (4,))


def test_a_text_holds_phrases_only_when_it_holds_all():
    assert holds(text_of([1, 2, 3]), [(1, 2), (3,)])
    assert not holds(text_of([1, 2, 3]), [(2, 1), (3,)])
    assert not holds(text_of([1, 2, 3]), [])


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
        assert len(said(after)) in {len(before), min(TOKENS, len(before) + len(phrase)) if before else 0}
