"""Marks before training: what is too large, beside the point or contradictory is named, and nothing else is."""

from dataclasses import replace

import pytest
import torch

from core.learning.mark_checks import check_marks, mark_weights, named, tightened, trusted_marks
from core.learning.mark_content import differing
from core.learning.mark_facts import image_facts
from core.models.examples import Examples
from tests.helpers.learning_parts import marked, marked_of
from tests.helpers.model_parts import AGE, COLOUR, NOTE, cases_of, spec_of
from tests.helpers.planted_marks import SIDE, corner_of, grown, marked_at, mask_of, patched

SPEC = spec_of()
TRAIN = patched()
ROWS = range(12)
EXACT = [corner_of(case) for case in ROWS]
MIDDLE = (11, 11, 4, 4)


def problems(marks, train=TRAIN, spec=SPEC):
    return [(warning.problem, warning.cases) for warning in check_marks(marked=marks, train=train, spec=spec)]


def test_exact_marks_are_left_alone():
    marks = marked_at(TRAIN, ROWS, EXACT)
    assert problems(marks) == []
    assert mark_weights(marks, image_facts(marks, TRAIN)).tolist() == [1.0] * 12
    trusted = trusted_marks(marks, TRAIN)
    assert torch.equal(trusted.ignore["image"], marks.ignore["image"])
    assert trusted.weights.tolist() == [1.0] * 12


def test_only_the_patch_differs_in_a_mark_of_four_times_its_area():
    marks = marked_at(TRAIN, ROWS, [_eight(case) for case in ROWS])
    assert torch.equal(differing(marks, TRAIN, "image"), mask_of(EXACT))
    (warning,) = check_marks(marks, TRAIN, SPEC)
    assert (warning.problem, warning.artefact, warning.value) == ("oversized", "patch", 4.0)
    assert warning.cases == tuple(map(str, ROWS))
    assert "4.0 times as large" in warning.words
    assert "paint it smaller" in warning.words
    shrunk = tightened(marks, image_facts(marks, TRAIN))
    assert torch.equal(shrunk.ignore["image"], mask_of([grown(place, 1) for place in EXACT]))


def _eight(case):
    top, left, _, _ = corner_of(case)
    return (0 if top == 0 else SIDE - 8, 0 if left == 0 else SIDE - 8, 8, 8)


def test_a_mark_where_nothing_is_counts_nothing():
    blank = (*corner_of(1)[:2], 4, 4)  # case 0 has its patch in another corner
    marks = marked_at(TRAIN, ROWS, [blank, *EXACT[1:]])
    (warning,) = check_marks(marks, TRAIN, SPEC)
    assert (warning.problem, warning.cases) == ("misplaced", ("0",))
    assert "hold nothing that other cases do not show" in warning.words
    assert mark_weights(marks, image_facts(marks, TRAIN)).tolist() == [0.0] + [1.0] * 11
    assert trusted_marks(marks, TRAIN).examples.case_ids == tuple(range(1, 12))


def test_a_row_that_counts_nothing_stays_where_a_person_said_where_to_look():
    blank = (*corner_of(1)[:2], 4, 4)
    marks = marked_at(TRAIN, ROWS, [blank, *EXACT[1:]], [MIDDLE] + [None] * 11)
    trusted = trusted_marks(marks, TRAIN)
    assert len(trusted) == 12
    assert float(trusted.weights[0]) == 0.0


def test_a_mark_on_something_else_is_unlike_the_others():
    marks = marked_at(TRAIN, ROWS, [MIDDLE, *EXACT[1:]])
    (warning,) = check_marks(marks, TRAIN, SPEC)
    assert (warning.problem, warning.cases) == ("misplaced", ("0",))
    assert warning.value < 0.6 * warning.limit
    assert mark_weights(marks, image_facts(marks, TRAIN))[0] == pytest.approx(0.1)


def test_a_few_large_marks_and_a_wrong_one_among_exact_ones_are_told_apart():
    marks = marked_at(TRAIN, ROWS, [_eight(0), _eight(1), _eight(2), MIDDLE, *EXACT[4:]])
    assert problems(marks) == [("misplaced", ("3",)), ("oversized", ("0", "1", "2"))]


def test_what_all_cases_show_is_said_and_changes_nothing():
    everywhere = TRAIN.inputs["image"].clone()
    everywhere[:, :, :4, :4] = 77
    train = Examples(TRAIN.case_ids, {"image": everywhere}, TRAIN.labels, TRAIN.groups)
    marks = marked_at(train, ROWS, [(0, 0, 4, 4)] * 12)
    (warning,) = check_marks(marks, train, SPEC)
    assert warning.problem == "misplaced"
    assert "what most cases show at that place" in warning.words
    assert mark_weights(marks, image_facts(marks, train)).tolist() == [1.0] * 12
    assert torch.equal(trusted_marks(marks, train).ignore["image"], marks.ignore["image"])


def test_an_artefact_of_one_label_is_compared_with_the_others():
    """Four fifths of the cases carry it, all of one label: what the others show is ordinary, not what most show."""
    images = torch.zeros((100, 1, SIDE, SIDE), dtype=torch.uint8)
    images[:80, :, :4, :4] = 200
    labels = torch.tensor([1] * 80 + [0] * 20)
    train = Examples(tuple(range(100)), {"image": images}, {"digit": labels}, tuple(map(str, range(100))))
    marks = marked_at(train, range(6), [(0, 0, 4, 4)] * 6)
    assert problems(marks, train) == []


def test_exact_marks_on_busy_pictures_are_left_alone_and_large_ones_in_one_place_are_found():
    generator = torch.Generator().manual_seed(2)
    images = torch.randint(0, 256, (200, 3, SIDE, SIDE), generator=generator).to(torch.uint8)
    labels = torch.arange(200) % 2
    images[labels == 1, :, 2:8, 2:8] = torch.tensor([230, 20, 20], dtype=torch.uint8).view(1, 3, 1, 1)
    train = Examples(tuple(range(200)), {"image": images}, {"digit": labels}, tuple(map(str, range(200))))
    rows = range(1, 41, 2)
    assert problems(marked_at(train, rows, [(2, 2, 6, 6)] * 20), train) == []
    large = marked_at(train, rows, [(0, 0, 12, 12)] * 20)
    assert [problem for problem, _ in problems(large, train)] == ["oversized", "oversized"]  # by content, and by share
    kept = tightened(large, image_facts(large, train)).ignore["image"].float().mean(dim=0)[0]
    assert kept[2:8, 2:8].min() == 1.0
    outside = ~mask_of([(1, 1, 8, 8)])[0, 0] & mask_of([(0, 0, 12, 12)])[0, 0]
    assert kept[outside].mean() < 0.15


def test_a_place_ignored_and_looked_at_in_one_case():
    marks = marked_at(TRAIN, ROWS, EXACT, [EXACT[0]] + [None] * 11)
    assert problems(marks) == [("contradictory", ("0",))]


def test_what_is_ignored_here_and_looked_at_there():
    marks = marked_at(TRAIN, ROWS, [*EXACT[:8], None, None, None, None], [None] * 8 + [EXACT[8]] + [None] * 3)
    assert problems(marks) == [("contradictory", ("8",))]
    elsewhere = marked_at(TRAIN, ROWS, [*EXACT[:8], None, None, None, None], [None] * 8 + [MIDDLE] + [None] * 3)
    assert problems(elsewhere) == []


def test_a_mark_over_all_of_a_picture():
    marks = marked_at(TRAIN, ROWS, [(0, 0, SIDE, SIDE), *EXACT[1:]])
    found = problems(marks)
    assert ("contradictory", ("0",)) in found


def test_fields_of_a_table_and_words():
    spec = spec_of(fields=[AGE, COLOUR, {**NOTE, "required": False}], encoder=SPEC.encoder)
    cases = cases_of(spec, 4, seed=3)
    none = {"age": torch.zeros(4, 1, dtype=torch.bool), "colour": torch.zeros(4, 1, dtype=torch.bool),
            "note": torch.zeros(4, 8, dtype=torch.bool)}  # fmt: skip
    everything = {name: torch.ones_like(mask) for name, mask in none.items()}
    assert problems(marked(spec, cases, none), cases, spec) == []
    assert [problem for problem, _ in problems(marked(spec, cases, everything), cases, spec)] == ["contradictory"]
    one = {**none, "age": torch.tensor([[True], [True], [False], [False]])}
    assert problems(marked(spec, cases, one), cases, spec) == []
    torn = replace(marked(spec, cases, one), look={**none, "age": torch.tensor([[False], [False], [True], [False]])})
    assert problems(torn, cases, spec) == [("contradictory", ("2",))]


def test_half_of_a_text_is_a_large_mark():
    spec = spec_of(fields=[NOTE])
    cases = cases_of(spec, 3, seed=3)
    cases.inputs["note"][:] = torch.arange(5, 13)
    mask = torch.zeros(3, 8, dtype=torch.bool)
    mask[:, :4] = True
    (warning,) = check_marks(marked(spec, cases, {"note": mask}), cases, spec)
    assert (warning.problem, warning.value) == ("oversized", 0.5)
    assert warning.limit == spec.reading.mark_warning


def test_readers_who_marked_different_things():
    marks = replace(marked_at(TRAIN, ROWS, EXACT), weights=torch.tensor([0.2] + [1.0] * 11))
    (warning,) = check_marks(marks, TRAIN, SPEC)
    assert (warning.problem, warning.cases, warning.limit) == ("contradictory", ("0",), 0.5)
    assert warning.value == pytest.approx(0.2)
    assert float(trusted_marks(marks, TRAIN).weights[0]) == pytest.approx(0.2)


def test_no_marks_and_nothing_to_compare_with():
    empty = marked_of(SPEC, 6).rows([])
    assert problems(empty) == []
    assert len(trusted_marks(empty, TRAIN)) == 0
    alone = marked_at(TRAIN, [0], EXACT[:1])
    assert problems(alone) == []
    assert problems(marked_at(TRAIN, ROWS, EXACT), TRAIN.select([])) == []


def test_names_in_place_of_numbers():
    marks = marked_at(TRAIN, ROWS, [(*corner_of(1)[:2], 4, 4), *EXACT[1:]])
    (warning,) = named(check_marks(marks, TRAIN, SPEC), {0: "scan 7"})
    assert warning.cases == ("scan 7",)
