"""The error tree asks what tells wrong answers from right ones."""

import numpy as np

from core.fairness.columns import Column
from core.fairness.error_tree import error_tree

N = 400


def test_a_planted_question_is_asked_first_and_counts_are_exact():
    generator = np.random.default_rng(0)
    view, age = generator.choice(["AP", "PA"], N), generator.integers(20, 90, N).astype(float)
    wrong = ((view == "AP") & (age > 60)) | (generator.random(N) < 0.02)
    nodes = error_tree(wrong, [Column("view", categories=tuple(view)), Column("age", age)], minimum=20)
    root = nodes[0]
    assert (root.words, root.parent, root.n, root.wrong) == ("all cases", None, N, int(wrong.sum()))
    worst = max(nodes, key=lambda node: node.error.value)
    path = {worst.words, nodes[worst.parent].words}
    assert any("view is" in words for words in path)
    assert any(words.startswith("age over") for words in path)
    children = [node for node in nodes if node.parent == 0]
    assert sum(node.n for node in children) == N
    assert sum(node.wrong for node in children) == root.wrong
    for node in nodes:
        assert node.n >= 20
        assert node.error.low <= node.error.value <= node.error.high


def test_missing_numbers_go_one_way_and_the_words_say_which():
    age = np.where(np.arange(N) % 2 == 0, np.nan, np.linspace(20, 80, N))
    wrong = np.isnan(age)
    nodes = error_tree(wrong, [Column("age", age)], minimum=20)
    assert any("or missing" in node.words for node in nodes[1:])
    assert sum(node.n for node in nodes if node.parent == 0) == N


def test_nothing_to_ask_is_no_tree():
    generator = np.random.default_rng(0)
    columns = [Column("site", categories=tuple(generator.choice(list("ab"), N)))]
    assert error_tree(np.zeros(N, dtype=bool), columns, minimum=20) == ()
    assert error_tree(np.arange(N) % 7 == 0, [Column("same", categories=("a",) * N)], minimum=20) == ()
    assert error_tree(np.arange(30) % 2 == 0, [Column("n", np.arange(30.0))], minimum=20) == ()
