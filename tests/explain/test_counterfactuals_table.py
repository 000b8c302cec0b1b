"""Counterfactuals of table rows: they get the answer, obey every rule and are needed in every part."""

import math
from dataclasses import replace

import numpy as np
import pytest

from explain.counterfactuals.columns import Column, Table
from explain.counterfactuals.table import TableCounterfactual, find
from explain.errors import ExplainError, Stopped

COLUMNS = (
    Column("age", "numeric", step=1, rule="fixed"),
    Column("dose", "numeric", low=0, high=10, step=0.1),
    Column("ward", "categorical", categories=3),
    Column("score", "numeric", step=1, rule="only up"),
    Column("weight", "numeric", rule="only down"),
    Column("drug", "categorical", categories=4, rule="fixed"),
)
ROW = np.array([50.0, 2.0, 0.0, 5.0, 70.3, 1.0])
CASES = 300


def population(seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return np.stack(
        [
            generator.integers(20, 90, CASES),
            generator.uniform(0, 10, CASES).round(1),
            generator.integers(0, 3, CASES),
            generator.integers(0, 20, CASES),
            generator.normal(75, 12, CASES).round(1),
            generator.integers(0, 4, CASES),
        ],
        axis=1,
    ).astype(float)


def two(probability: np.ndarray) -> np.ndarray:
    return np.stack([1 - probability, probability], axis=1)


def linear(rows: np.ndarray) -> np.ndarray:
    known = np.nan_to_num(rows)
    logit = (
        0.8 * known[:, 1] + 2.0 * (known[:, 2] == 2) + 0.2 * known[:, 3] - 0.05 * known[:, 4] + 0.1 * known[:, 0] - 8
    )
    return two(1 / (1 + np.exp(-logit)))


def curved(seed: int):
    """Return a small random network: answers that are neither linear nor monotone."""
    generator = np.random.default_rng(seed)
    first, second = generator.normal(size=(6, 12)), generator.normal(size=(12, 3))

    def answer(rows: np.ndarray) -> np.ndarray:
        scaled = (np.nan_to_num(rows, nan=3.0) - population().mean(axis=0)) / population().std(axis=0)
        logits = 2 * np.tanh(scaled @ first) @ second
        exponentials = np.exp(logits)
        return exponentials / exponentials.sum(axis=1, keepdims=True)

    return answer


def obeys(row: np.ndarray) -> bool:
    age, dose, ward, score, weight, drug = row
    return (
        (age, drug) == (ROW[0], ROW[5])
        and 0 <= dose <= 10
        and math.isclose(dose * 10, round(dose * 10), abs_tol=1e-9)
        and ward in (0, 1, 2)
        and score >= ROW[3]
        and score == round(score)
        and weight <= ROW[4]
    )


@pytest.mark.parametrize("seed", range(6))
def test_found_rows_get_the_answer_within_the_rules_and_need_every_change(seed: int) -> None:
    answer = curved(seed)
    now = int(answer(ROW[None]).argmax())
    for wanted in {0, 1, 2} - {now}:
        search = find(answer, ROW, COLUMNS, wanted, population(), seed=seed)
        for one in search.found:
            assert obeys(one.row)
            assert one.label == wanted == answer(one.row[None]).argmax()
            assert one.probability == pytest.approx(answer(one.row[None]).max())
            assert needs_every_change(answer, one, wanted)
        assert len({tuple(one.row) for one in search.found}) == len(search.found)


def needs_every_change(answer, one: TableCounterfactual, wanted: int) -> bool:
    numbers = [n for n, column in enumerate(COLUMNS) if column.name in {change.column for change in one.changes}]
    undone = np.repeat(one.row[None], len(numbers), axis=0)
    undone[range(len(numbers)), numbers] = ROW[numbers]
    return not (answer(undone).argmax(axis=1) == wanted).any()


def test_the_closest_single_change_is_found_to_the_step() -> None:
    """The logit is -8 + 1.6 + 1 - 3.515 + 5 = -3.915: the dose must rise by 4.9 (to 6.9), no less."""
    only = tuple(column if column.name == "dose" else replace(column, rule="fixed") for column in COLUMNS)
    best = find(linear, ROW, only, 1, population()).found[0]
    assert [(change.column, change.before, change.after) for change in best.changes] == [("dose", 2.0, 6.9)]


def test_several_ways_are_found() -> None:
    search = find(linear, ROW, COLUMNS, 1, population(), limit=4)
    assert len(search.found) == 4
    assert len({tuple(change.column for change in one.changes) for one in search.found}) >= 2
    assert search.words == f"4 found among {search.tried} tried."


def test_distance_is_in_median_absolute_deviations() -> None:
    cases = np.array([[0.0, 0], [2, 1], [4, 0], [6, 1], [100, 0]])  # median 4, deviations 4 2 0 2 96: median 2
    table = Table((Column("a", "numeric"), Column("b", "categorical", categories=2)), np.array([4.0, 0]), cases)
    rows = np.array([[4.0, 0], [7, 0], [7, 1], [math.nan, 1]])
    assert table.distances(rows) == pytest.approx([0, 1.5 / 2, 2.5 / 2, 2 / 2])


def test_plausibility_is_a_percentile_of_density() -> None:
    """Numbers 0 to 99: the middle is as dense as most, a number far outside is sparser than all."""
    cases = np.append(np.arange(99.0), 1000.0)[:, None]
    table = Table((Column("a", "numeric"),), np.array([50.0]), cases)
    inside, outside, further = table.plausibility(np.array([[50.3], [300.0], [5000.0]]))
    assert inside == 1.0  # the row itself lies between cases; a case's own distance to the others is larger
    assert outside == 0.01  # the case at 1000 alone is lonelier
    assert further == 0.0


def test_missing_values_come_and_go_only_where_allowed() -> None:
    def answer(rows: np.ndarray) -> np.ndarray:
        return two(np.where(np.isnan(rows[:, 0]), 0.9, 0.1))

    cases = np.array([[1.0, 0], [2, 1], [3, 0], [math.nan, 1]])
    row = np.array([2.0, 1.0])
    number, category = Column("a", "numeric", step=1), Column("b", "categorical", categories=2)
    best = find(answer, row, (replace(number, can_be_missing=True), category), 1, cases).found[0]
    assert math.isnan(best.row[0])
    assert best.distance == 0.5
    assert best.changes[0].before == 2.0
    assert math.isnan(best.changes[0].after)
    nothing = find(answer, row, (number, category), 1, cases)
    assert nothing.found == ()
    back = find(answer, np.array([math.nan, 1.0]), (number, category), 0, cases).found[0]
    assert not math.isnan(back.row[0])


def test_a_missing_value_has_no_direction() -> None:
    column = Column("a", "numeric", step=1, rule="only up")
    search = find(lambda rows: two((rows[:, 0] > 1) * 0.8 + 0.1), np.array([math.nan]), (column,), 1, np.eye(5)[:, :1])
    assert search.complete
    assert search.words == "No field may change, so no other answer can be reached."


def test_says_that_none_exists_when_everything_was_tried() -> None:
    only = tuple(column if column.name in ("ward", "score") else replace(column, rule="fixed") for column in COLUMNS)
    search = find(lambda rows: linear(rows) * [1, 0.01] + [0, 0.001], ROW, only, 1, population())
    assert (search.found, search.complete) == ((), True)
    assert search.words == "No allowed change leads to this answer: every allowed row was tried."


def test_says_that_none_was_found_when_not_everything_could_be_tried() -> None:
    search = find(lambda rows: np.tile([0.9, 0.1], (len(rows), 1)), ROW, COLUMNS, 1, population(), budget=3000)
    assert (search.found, search.complete) == ((), False)
    assert search.tried <= 3000
    assert "there may still be one" in search.words


def test_a_needle_is_found_by_trying_everything() -> None:
    """One combination of three, of which every single change, and every two, lead away."""
    columns = tuple(Column(name, "categorical", categories=5) for name in "abc")
    cases = np.random.default_rng(0).integers(0, 2, (50, 3)).astype(float)

    def answer(rows: np.ndarray) -> np.ndarray:
        return two(np.where((rows == [4, 3, 2]).all(axis=1), 0.9, 0.4 - 0.1 * (rows != 0).sum(axis=1)))

    search = find(answer, np.zeros(3), columns, 1, cases)
    assert search.found[0].row.tolist() == [4, 3, 2]


def test_any_other_class() -> None:
    answer = curved(0)
    now = int(answer(ROW[None]).argmax())
    search = find(answer, ROW, COLUMNS, None, population())
    assert search.found
    assert all(one.label != now for one in search.found)


def test_same_seed_same_answer_and_batches_do_not_matter() -> None:
    first, second = (find(curved(1), ROW, COLUMNS, None, population(), seed=3) for _ in range(2))
    assert [one.row.tolist() for one in first.found] == [one.row.tolist() for one in second.found]


def test_stops_when_asked_to() -> None:
    asked: list[int] = []

    def answer(rows: np.ndarray) -> np.ndarray:
        asked.append(len(rows))
        return linear(rows)

    with pytest.raises(Stopped):
        find(answer, ROW, COLUMNS, 1, population(), cancelled=lambda: len(asked) >= 2)
    assert len(asked) == 2


def test_many_training_cases_are_drawn_from() -> None:
    many = np.tile(population(), (20, 1))
    assert find(linear, ROW, COLUMNS, 1, many).found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wanted": 2}, "0 to 1, got 2"),
        ({"wanted": 0}, "answers class 0 as it is"),
        ({"row": ROW[:3]}, "6 columns need a row"),
        ({"population": np.zeros((1, 6))}, "2 or more"),
        ({"row": np.append(ROW[:5], np.inf)}, "infinite"),
        ({"row": np.append(ROW[:5], 9.0)}, "'drug' must be a category 0 to 3"),
        ({"columns": (*COLUMNS[:5], replace(COLUMNS[5], rule="only up"))}, "has no direction"),
        ({"columns": (replace(COLUMNS[0], step=0), *COLUMNS[1:])}, "step of 'age'"),
        ({"columns": (replace(COLUMNS[0], low=3, high=2), *COLUMNS[1:])}, "no value between 3 and 2"),
        ({"answer": lambda rows: np.full((len(rows), 2), np.nan)}, "NaN"),
        ({"answer": lambda rows: np.zeros(len(rows))}, "must answer"),
        ({"budget": 0}, "at least 1"),
    ],
)
def test_bad_questions_are_refused(change: dict[str, object], message: str) -> None:
    question = {"answer": linear, "row": ROW, "columns": COLUMNS, "wanted": 1, "population": population()}
    with pytest.raises(ExplainError, match=message):
        find(**(question | change))


@pytest.mark.parametrize(("low", "high"), [(0.1, 0.3), (1.1, 1.7), (-0.3, 0.7), (2.2, 3.3)])
def test_limits_that_are_multiples_of_the_step_are_allowed_themselves(low: float, high: float) -> None:
    population = np.linspace(low, high, 6)[:, None]
    table = Table([Column("a", "numeric", low, high, step=0.1)], np.array([(low + high) / 2 + 0.01]), population)
    values = table.every(0)
    assert values is not None
    assert (values[1:].min(), values[1:].max()) == (low, high)
    assert table.legal(np.array([[low - 1], [high + 1]])).ravel().tolist() == [low, high]
