"""A shallow tree of questions that tell wrong answers from right ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.contracts import ErrorNode
from core.fairness.columns import Column
from core.fairness.intervals import Array, Booleans, wilson

DEPTH = 3
MOST_CATEGORIES = 20
LEAST_GAIN = 0.002
"""Smallest fall of impurity, weighted by the share of cases, that is worth a question."""


@dataclass(frozen=True, slots=True, eq=False)
class _Feature:
    """One input of the tree, and the column or category that it stands for."""

    values: Array
    column: Column
    category: str | None

    def words(self, cut: float, below: bool, with_missing: bool) -> str:
        if self.category is not None:
            return self.column.is_category(self.category, not below)
        words = self.column.up_to(cut, below)
        return f"{words} or missing" if with_missing and bool(np.isnan(self.values).any()) else words


def error_tree(wrong: Booleans, columns: Sequence[Column], *, minimum: int, seed: int = 0) -> tuple[ErrorNode, ...]:
    """Return the nodes of a decision tree for 'the answer is wrong', parents before children.

    Parameters
    ----------
    wrong
        Whether each answer is wrong, [n].
    columns
        What is known of the cases, each of n values.
    minimum
        Smallest node.
    seed
        For ties between questions.

    Returns
    -------
    tuple of ErrorNode
        The root, 'all cases', first; nothing where no answer is wrong or no question helps.

    Source
    ------
    Breiman et al., Classification and Regression Trees, 1984, as scikit-learn has it.
    """
    features = [feature for column in columns for feature in _features(column)]
    if not features or not wrong.any() or wrong.all() or len(wrong) < 2 * minimum:
        return ()
    from sklearn.tree import DecisionTreeClassifier  # loads slowly

    table = np.stack([feature.values for feature in features], axis=1)
    tree = DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=minimum, min_impurity_decrease=LEAST_GAIN, random_state=seed
    ).fit(table, wrong)
    reached = np.asarray(tree.decision_path(table).toarray(), dtype=bool)  # [n, nodes]
    if reached.shape[1] == 1:
        return ()
    asked = _questions(tree.tree_, features)
    return tuple(_node(number, *asked[number], reached[:, number], wrong) for number in range(reached.shape[1]))


def _features(column: Column) -> list[_Feature]:
    if column.numbers is not None:
        return [_Feature(column.numbers, column, None)] if np.isfinite(column.numbers).any() else []
    known = [value for value in column.categories if value is not None]
    counted = sorted(set(known), key=lambda value: (-known.count(value), value))[:MOST_CATEGORIES]
    if len(counted) == 2 and len(known) == len(column.categories):
        counted = counted[:1]  # the other one is its opposite
    return [
        _Feature(np.asarray([value == category for value in column.categories], dtype=np.float64), column, category)
        for category in counted
        if len(set(column.categories)) > 1
    ]


def _questions(tree: Any, features: Sequence[_Feature]) -> dict[int, tuple[int | None, str]]:
    """Return node -> its parent and what is true of its cases beside what is true of the parent's."""
    asked: dict[int, tuple[int | None, str]] = {0: (None, "all cases")}
    for parent, (left, right) in enumerate(zip(tree.children_left, tree.children_right, strict=True)):
        if left < 0:
            continue
        feature, cut = features[tree.feature[parent]], float(tree.threshold[parent])
        missing_left = bool(tree.missing_go_to_left[parent])
        asked[int(left)] = (parent, feature.words(cut, True, missing_left))
        asked[int(right)] = (parent, feature.words(cut, False, not missing_left))
    return asked


def _node(number: int, parent: int | None, words: str, inside: Booleans, wrong: Booleans) -> ErrorNode:
    n, count = int(inside.sum()), int(wrong[inside].sum())
    return ErrorNode(number, parent, words, n, count, wilson(count, n))
