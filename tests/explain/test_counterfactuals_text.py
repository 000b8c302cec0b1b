"""Counterfactuals of texts: the fewest words whose absence or replacement gets another answer."""

import itertools

import numpy as np
import pytest

from explain.counterfactuals.text import changed_text, find, word_spans
from explain.errors import ExplainError, Stopped

WEIGHTS = {"good": 1.0, "great": 1.0, "fine": 0.5, "bad": -1.0, "poor": -1.5}
TEXT = "A very good film, with a great story."


def bag(texts: list[str], bias: float = -0.2) -> np.ndarray:
    """Answer class 1 by the sum of the words' weights, plus `bias`."""
    logits = [bias + sum(WEIGHTS.get(text[a:b].lower(), 0.0) for a, b in word_spans(text)) for text in texts]
    steep = 4 * np.array(logits)
    return np.stack([1 / (1 + np.exp(steep)), 1 / (1 + np.exp(-steep))], axis=1)


def removed(one) -> set[str]:
    return {change.before for change in one.changes}


def test_words_are_found_with_their_code_points() -> None:
    text = "No X-ray, 'tis the patient’s 2nd día 肺."
    assert [text[a:b] for a, b in word_spans(text)] == ["No", "X-ray", "tis", "the", "patient’s", "2nd", "día", "肺"]


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("a b c", {0: ""}, "b c"),
        ("a b c", {1: ""}, "a c"),
        ("a b c", {2: ""}, "a b "),
        ("a b c", {0: "", 1: ""}, "c"),
        ("a b c", {0: "", 1: "", 2: ""}, ""),
        ("a b c", {0: "x", 2: "zz"}, "x b zz"),
        ("a (b), c", {1: ""}, "a (), c"),
        ("one\ntwo three", {1: ""}, "one\nthree"),
        ("a b c", {}, "a b c"),
    ],
)
def test_leaving_words_out(text: str, changes: dict[int, str], expected: str) -> None:
    assert changed_text(text, word_spans(text), changes) == expected


def test_the_fewest_deletions() -> None:
    search = find(bag, TEXT, None)
    best = search.found[0]
    assert removed(best) == {"good", "great"}
    assert best.text == "A very film, with a story."
    assert [TEXT[change.start : change.end] for change in best.changes] == ["good", "great"]
    assert best.label == 0
    assert best.probability == pytest.approx(float(bag([best.text])[0, 0]))
    assert best.distance == 2 / 8


def test_one_word_is_enough() -> None:
    best = find(lambda texts: bag(texts, -1.5), TEXT, 0).found
    assert [removed(one) for one in best] == [{"good"}, {"great"}]


def test_scores_order_the_search_and_save_answers() -> None:
    words = [TEXT[a:b] for a, b in word_spans(TEXT)]
    alone = find(bag, TEXT, 0)
    guided = find(bag, TEXT, 0, scores=[WEIGHTS.get(word, 0.0) for word in words])
    assert removed(guided.found[0]) == removed(alone.found[0])
    assert guided.tried < alone.tried


def test_misleading_scores_do_not_stop_it() -> None:
    words = [TEXT[a:b] for a, b in word_spans(TEXT)]
    search = find(bag, TEXT, 0, scores=[-WEIGHTS.get(word, 0.0) for word in words])
    assert removed(search.found[0]) == {"good", "great"}


@pytest.mark.parametrize("seed", range(5))
def test_as_few_words_as_all_sets_allow(seed: int) -> None:
    """Brute force over every set of ten words, with an answer in which pairs of words matter too."""
    generator = np.random.default_rng(seed)
    words = [f"w{n}" for n in range(10)]
    alone, together = generator.normal(0.4, 1, 10), np.triu(generator.normal(0, 0.4, (10, 10)), 1)

    def answer(texts: list[str]) -> np.ndarray:
        there = np.array([[word in text.split() for word in words] for text in texts], dtype=float)
        logits = there @ alone + ((there @ together) * there).sum(axis=1)
        probability = 1 / (1 + np.exp(-logits))
        return np.stack([1 - probability, probability], axis=1)

    text = " ".join(words)
    now = int(answer([text]).argmax())
    fewest = next(
        count
        for count in range(1, 10)
        for gone in itertools.combinations(words, count)
        if answer([" ".join(word for word in words if word not in gone)]).argmax() != now
    )
    assert len(find(answer, text, None).found[0].changes) == fewest


def test_every_deletion_is_needed_in_a_long_text() -> None:
    generator = np.random.default_rng(0)
    words = [str(generator.choice(["good", "fine", "so", "it", "goes"])) for _ in range(120)]
    best = find(lambda texts: bag(texts, -8.2), " ".join(words), 0).found[0]
    spans = word_spans(" ".join(words))
    gone = [spans.index((change.start, change.end)) for change in best.changes]
    worth = sorted((WEIGHTS.get(word, 0.0) for word in words), reverse=True)
    fewest = next(count for count in range(120) if sum(worth[count:]) < 8.2)
    assert len(gone) == fewest
    for back in gone:
        text = changed_text(" ".join(words), spans, {n: "" for n in gone if n != back})
        assert bag([text], -8.2).argmax() == 1


def test_replacements_where_deletions_do_not_help() -> None:
    search = find(bag, "a film of a day", 1, vocabulary=["poor", "good", "great"])
    assert [(one.before, one.after) for one in search.found[0].changes] == [("a", "good")]
    assert search.found[0].text == "good film of a day"
    assert find(bag, "a film of a day", 1).found == ()


def test_replacements_where_deletions_take_many_words() -> None:
    text = "good good good good good film"
    search = find(bag, text, 0, vocabulary=["fine", "poor"], limit=2)
    assert [{change.after for change in one.changes} for one in search.found] == [{"poor"}, {""}]
    assert [len(one.changes) for one in search.found] == [2, 5]
    assert len(find(bag, text, 0, vocabulary=["poor"], limit=1).found[0].changes) == 2


def test_several_replacements_and_no_more_than_needed() -> None:
    search = find(lambda texts: bag(texts, -1.7), "this day or that", 1, vocabulary=["fine", "great"])
    assert [change.after for change in search.found[0].changes] == ["great", "great"]


def test_given_words_are_used() -> None:
    search = find(bag, TEXT, 0, spans=[(7, 11), (25, 30)])
    assert search.found == ()  # one of two words must stay
    assert find(bag, TEXT, 0, spans=[(0, 6), (7, 11), (25, 30)]).found[0].distance == pytest.approx(2 / 3)


def test_says_when_nothing_was_found() -> None:
    search = find(lambda texts: np.tile([0.1, 0.9], (len(texts), 1)), TEXT, 0, vocabulary=["bad"])
    assert search.found == ()
    assert search.words.startswith("Leaving out or replacing words did not lead to this answer")
    empty = find(lambda texts: np.tile([0.1, 0.9], (len(texts), 1)), "...", 0)
    assert (empty.found, empty.complete) == ((), True)
    assert "no words" in empty.words


def test_the_budget_is_kept() -> None:
    search = find(lambda texts: np.tile([0.1, 0.9], (len(texts), 1)), "word " * 300, 0, vocabulary=["bad"], budget=400)
    assert search.tried <= 400


def test_stops_when_asked_to() -> None:
    asked: list[int] = []

    def answer(texts: list[str]) -> np.ndarray:
        asked.append(len(texts))
        return bag(texts)

    with pytest.raises(Stopped):
        find(answer, TEXT, 0, cancelled=lambda: len(asked) >= 1)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wanted": 1}, "answers class 1 as it is"),
        ({"wanted": 7}, "0 to 1"),
        ({"spans": [(3, 2)]}, "must lie in the text"),
        ({"spans": [(0, 4), (2, 6)]}, "after the word before it"),
        ({"spans": [(0, 999)]}, "must lie in the text"),
        ({"scores": [1.0]}, "each of the 8 words"),
        ({"scores": [np.nan] * 8}, "each of the 8 words"),
    ],
)
def test_bad_questions_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ExplainError, match=message):
        find(**({"answer": bag, "text": TEXT, "wanted": 0} | change))
