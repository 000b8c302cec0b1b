"""Similar and typical cases, against scikit-learn and by hand."""

import numpy as np
import pytest
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from explain.errors import ExplainError
from explain.neighbours import Space, mmd_prototypes


def vectors(n: int = 200, d: int = 8) -> np.ndarray:
    generator = np.random.default_rng(0)
    return generator.normal(size=(n, d)) * np.arange(1, d + 1) + 5


def test_agrees_with_scikit_learn() -> None:
    points, asked = vectors(), vectors(1, 8)[0] + 1
    scaler = StandardScaler().fit(points)
    reference = NearestNeighbors(n_neighbors=7, metric="cosine").fit(scaler.transform(points))
    distances, numbers = reference.kneighbors(scaler.transform(asked[None]))
    found = Space(points).nearest(asked, 7)
    assert [one.number for one in found] == list(numbers[0])
    assert [one.similarity for one in found] == pytest.approx(1 - distances[0], abs=1e-6)


def test_the_case_itself_comes_first_and_can_be_left_out() -> None:
    points = vectors()
    space = Space(points)
    assert space.nearest(points[3], 1)[0].number == 3
    assert space.nearest(points[3], 1)[0].similarity == pytest.approx(1.0)
    others = np.arange(len(points)) != 3
    assert space.nearest(points[3], 1, others)[0].number != 3


def test_equal_cases_come_in_the_order_of_their_numbers() -> None:
    points = np.tile(vectors(50), (4, 1))
    found = Space(points).nearest(points[7], 5)
    assert [one.number for one in found[:4]] == [7, 57, 107, 157]


def test_fewer_cases_than_asked_for() -> None:
    space = Space(vectors(3))
    assert len(space.nearest(vectors(1)[0], 10)) == 3
    assert space.nearest(vectors(1)[0], 10, np.zeros(3, bool)) == ()
    assert space.nearest(vectors(1)[0], 0) == ()


def test_dimensions_that_never_change_count_for_nothing() -> None:
    points = np.column_stack([vectors(), np.full(200, 0.1)])
    far = np.append(vectors()[5], 1e6)
    assert Space(points).nearest(far, 1)[0].number == 5
    assert list(Space(np.ones((4, 3))).similarities(np.ones(3))) == [0, 0, 0, 0]


def test_nearest_of_another_class() -> None:
    points = np.array([[1.0, 0], [0.9, 0.1], [0.8, 0.3], [-1, 0], [0, -1]])
    labels = np.array([0, -1, 1, 1, 0])
    space = Space(points)
    found = space.nearest_of_another(points[0], labels, 0)
    assert found is not None
    assert found.number == 2
    assert space.nearest_of_another(points[0], labels, 0, np.array([1, 1, 0, 1, 1], bool)).number == 3
    assert space.nearest_of_another(points[0], np.zeros(5, int), 0) is None


def test_prototypes_stand_in_every_cluster() -> None:
    generator = np.random.default_rng(0)
    centres = np.array([[10, 0, 0], [0, 10, 0], [0, 0, 10]])
    points = np.concatenate([centre + generator.normal(size=(30, 3)) for centre in centres])
    chosen = mmd_prototypes(points, 3)
    assert sorted(n // 30 for n in chosen) == [0, 1, 2]


def test_each_prototype_is_the_best_next_one() -> None:
    """Brute force over the definition: the chosen point lowers the maximum mean discrepancy most."""
    points = np.random.default_rng(1).normal(size=(40, 3))
    squares = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    kernel = rbf_kernel(points, gamma=1 / np.median(squares[np.triu_indices(40, 1)]))
    chosen: list[int] = []
    for number in mmd_prototypes(points, 5):
        left = [n for n in range(40) if n not in chosen]
        assert number == min(left, key=lambda n: discrepancy(kernel, [*chosen, n]))
        chosen.append(number)


def discrepancy(kernel: np.ndarray, chosen: list[int]) -> float:
    return kernel.mean() - 2 * kernel[:, chosen].mean() + kernel[np.ix_(chosen, chosen)].mean()


def test_prototypes_by_class() -> None:
    points, labels = vectors(60), np.repeat([2, -1, 0], 20)
    found = Space(points).prototypes(labels, 4)
    assert [label for label, _ in found] == [0, 2]
    assert all(labels[n] == label for label, numbers in found for n in numbers)
    assert all(len(set(numbers)) == 4 for _, numbers in found)
    assert found == Space(points).prototypes(labels, 4)
    assert Space(points).prototypes(np.append(np.full(59, -1), 1), 4) == ((1, (59,)),)


def test_equal_prototypes_go_to_the_lower_number() -> None:
    assert mmd_prototypes(np.ones((5, 2)), 2) == (0, 1)


def test_many_cases_are_thinned() -> None:
    points = np.random.default_rng(0).normal(size=(7000, 4))
    ((_, numbers),) = Space(points).prototypes(np.zeros(7000, int), 3)
    assert len(set(numbers)) == 3


@pytest.mark.parametrize("points", [np.zeros(3), np.zeros((0, 3)), np.array([[np.nan, 1.0]])])
def test_useless_vectors_are_refused(points: np.ndarray) -> None:
    with pytest.raises(ExplainError, match="finite vectors"):
        Space(points)


def test_other_bad_questions_are_refused() -> None:
    space = Space(vectors())
    with pytest.raises(ExplainError, match=r"\[8\]"):
        space.nearest(np.zeros(3), 1)
    with pytest.raises(ExplainError, match="each of the 200 cases"):
        space.nearest(np.zeros(8), 1, np.ones(3, bool))
    with pytest.raises(ExplainError, match="each of the 200 cases"):
        space.prototypes(np.zeros(3, int), 1)
