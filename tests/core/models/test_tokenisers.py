"""Where tokens stand in a text, counted in code points; word pieces beside transformers' own."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.models.tokenisers import FIRST_PIECE, TOKENISERS, minilm_folder, tokeniser
from core.models.words import word_number, word_spans

every_tokeniser = pytest.mark.parametrize("name", sorted(TOKENISERS))
TEXTS = (
    "No acute disease.",
    "Größe 12,5 cm; naïve café",
    "👩🏽‍⚕️ sees 🫁 and 🇨🇭 twice",
    "القلب طبيعي، لا توجد آفات.",
    "心臓は正常です。肺野清晰。",
    "Z\u0301 e\u0301 n\u0303o — ﬁn",
    "ไม่พบความผิดปกติ हृदय सामान्य है",
    "\u202eabc\u202c x\u200by\ufeff",
    "line\none\r\ntwo\tthree",
    "__init__ x² ½ Ⅷ",
)


def pieces(text, name):
    return [(token.start, token.end) for token in tokeniser(name).tokens(text)]


@every_tokeniser
@pytest.mark.parametrize("text", TEXTS)
def test_tokens_lie_in_the_text_in_order_and_have_a_number(name, text):
    tokens = tokeniser(name).tokens(text)
    assert tokens
    assert all(token.number > 0 for token in tokens)
    places = pieces(text, name)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)


@every_tokeniser
def test_offsets_are_code_points_behind_emoji(name):
    text = "👩🏽‍⚕️🫁 heart"
    start, end = pieces(text, name)[-1]
    assert text[start:end] == "heart"
    assert end == len(text)


def words(text):
    return [text[start:end] for start, end in word_spans(text)]


def test_marks_that_combine_stay_with_their_word():
    assert words("e\u0301te\u0301 no\u0308n") == ["e\u0301te\u0301", "no\u0308n"]
    assert words("हृदय सामान्य") == ["हृदय", "सामान्य"]


def test_pictures_of_several_emoji_are_one():
    assert words("x 👩🏽‍⚕️ y") == ["x", "👩🏽‍⚕️", "y"]


def test_right_to_left_words_are_in_reading_order():
    assert words("القلب طبيعي") == ["القلب", "طبيعي"]


@given(text=st.text(max_size=80))
def test_words_cover_everything_that_is_no_space(text):
    spans = word_spans(text)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))
    covered = {place for start, end in spans for place in range(start, end)}
    assert all(text[place].isspace() for place in range(len(text)) if place not in covered)


def test_a_word_has_one_number_in_all_its_forms():
    assert word_number("Größe") == word_number("GRÖSSE".replace("SS", "ß")) == word_number("gro\u0308ße")
    assert word_number("heart") == word_number("HEART") != word_number("hearts")
    assert word_number("ﬁn") == word_number("fin")


def test_word_numbers_are_what_they_were():
    """Stored vocabularies are made of them."""
    assert word_number("heart") == 7887922080778419697


@pytest.mark.parametrize("text", TEXTS[:5])
def test_word_pieces_equal_transformers_own(text):
    from transformers import AutoTokenizer

    reference = AutoTokenizer.from_pretrained(minilm_folder(), local_files_only=True)
    expected = reference(text, add_special_tokens=False, return_offsets_mapping=True, truncation=False)
    ours = tokeniser("wordpiece").tokens(text)
    assert [token.number - FIRST_PIECE for token in ours] == expected["input_ids"]
    assert [(token.start, token.end) for token in ours] == [tuple(pair) for pair in expected["offset_mapping"]]


def test_long_texts_are_cut_by_nobody_here():
    assert len(tokeniser("wordpiece").tokens("lung " * 3000)) == 3000
