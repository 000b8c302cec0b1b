"""What is done with marked content, pixel by pixel and word by word."""

from dataclasses import replace

import torch

from core.learning.marks import MarkedExamples, exchange, exchange_everywhere, paste, replace_marked, tensors
from core.models.examples import Examples
from tests.helpers.learning_parts import DEVICE, marked, marked_of
from tests.helpers.model_parts import AGE, COLOUR, IMAGE, NOTE, cases_of, spec_of

SPEC = spec_of(fields=[{**IMAGE, "size": 4}])


def _images(count):
    values = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1)
    return {"image": values.expand(count, 1, 4, 4).clone()}


def test_replacing_takes_marked_pixels_from_the_donor_and_the_rest_from_the_case():
    donors = {"image": torch.full((2, 1, 4, 4), 9, dtype=torch.uint8)}
    result = replace_marked(_images(2), marked_of(SPEC, 2), donors)["image"]
    assert (result[:, :, :2, :2] == 9).all()
    assert (result[1, :, 2:, :] == 1).all()


def test_replacing_leaves_unmarked_fields_alone():
    spec = spec_of(fields=[{**IMAGE, "size": 4}, AGE])
    rows = marked_of(spec, 2)
    rows.ignore["age"][:] = False
    inputs = {**_images(2), "age": torch.tensor([[1.0], [2.0]])}
    donors = {**_images(2), "age": torch.tensor([[3.0], [4.0]])}
    assert torch.equal(replace_marked(inputs, rows, donors)["age"], inputs["age"])


def test_no_case_keeps_its_own_content_and_all_content_stays_in_the_batch():
    for seed in range(20):
        result = exchange(_images(5), marked_of(SPEC, 5), torch.Generator().manual_seed(seed))["image"]
        inside = result[:, 0, 0, 0]
        assert (inside != torch.arange(5)).all()
        assert sorted(inside.tolist()) == [0, 1, 2, 3, 4]
        assert torch.equal(result[:, 0, 3, 3], torch.arange(5, dtype=torch.uint8))


def test_a_single_case_can_not_be_exchanged():
    assert torch.equal(exchange(_images(1), marked_of(SPEC, 1), torch.Generator())["image"], _images(1)["image"])


def test_paste_puts_the_marked_row_at_its_own_place():
    spec = spec_of()
    donors_of, ledger = marked_of(spec, 3), cases_of(spec, 2, seed=9)
    rows = torch.tensor([2, 0])
    pasted = paste(tensors(ledger, DEVICE), donors_of, rows, torch.Generator())
    result = pasted.inputs["image"]
    donors, own = tensors(donors_of.examples, DEVICE)["image"][rows], tensors(ledger, DEVICE)["image"]
    assert torch.equal(result[:, :, :2, :2], donors[:, :, :2, :2])
    assert torch.equal(result[:, :, 2:, :], own[:, :, 2:, :])
    assert torch.equal(pasted.places["image"], donors_of.ignore["image"][rows])


def test_rows_of_one_artefact():
    rows = marked_of(spec_of(), 3)
    assert len(rows.of_artefact("corner")) == 3
    assert len(rows.of_artefact("other")) == 0
    assert len(rows.with_ignore()) == 3
    assert rows.rows([0]).kinds == {"image": "image"}


TABLE = spec_of(fields=[AGE, COLOUR])


def test_marked_numbers_and_categories_are_exchanged_whole():
    inputs = {"age": torch.arange(6.0)[:, None], "colour": torch.arange(6)[:, None]}
    result = exchange(inputs, marked_of(TABLE, 3), torch.Generator().manual_seed(1))
    for name, value in inputs.items():
        assert (result[name] != value).all()
        assert sorted(result[name][:, 0].tolist()) == sorted(value[:, 0].tolist())


def test_pasted_numbers_and_categories_are_the_marked_cases_own():
    rows = marked_of(TABLE, 3)
    pasted = paste(cases_of(TABLE, 2, seed=8).inputs, rows, torch.tensor([2, 1]), torch.Generator())
    for name in ("age", "colour"):
        assert torch.equal(pasted.inputs[name], rows.examples.inputs[name][[2, 1]])
        assert pasted.places[name].all()


TEXT = spec_of(fields=[NOTE])


def _texts(*rows):
    padded = torch.zeros(len(rows), 8, dtype=torch.int64)
    for place, row in enumerate(rows):
        padded[place, : len(row)] = torch.tensor(row)
    return padded


def _said(text):
    return [number for number in text.tolist() if number]


def _marked_texts(texts, mask):
    labels = {"shape": torch.zeros(len(texts), dtype=torch.int64)}
    examples = Examples(tuple(range(len(texts))), {"note": texts}, labels, ("g",) * len(texts))
    return marked(TEXT, examples, {"note": mask})


def _seven_marked():
    """One report, 1 7 2, whose 7 is marked."""
    texts = _texts([1, 7, 2])
    return _marked_texts(texts, texts == 7)


def test_replacing_leaves_marked_words_out_wherever_they_stand():
    own, mask = _texts([7, 1, 7, 2]), torch.zeros(1, 8, dtype=torch.bool)
    mask[0, 2] = True
    result = replace_marked({"note": own}, _marked_texts(own, mask), {"note": _texts([5, 5])})["note"]
    assert _said(result[0]) == [1, 2]


def test_words_are_put_into_a_random_half_and_taken_out_of_the_other():
    texts = _texts(*[[3, 7, 4] if row % 4 == 0 else [3, 4, 5] for row in range(200)])
    result = exchange({"note": texts}, _seven_marked(), torch.Generator().manual_seed(0))["note"]
    has = (result == 7).any(dim=1)
    had = (texts == 7).any(dim=1)
    assert 70 < int(has.sum()) < 130
    assert abs(float(has[had].float().mean()) - float(has[~had].float().mean())) < 0.25
    for before, after in zip(texts, result, strict=True):
        assert [number for number in _said(after) if number != 7] == [n for n in _said(before) if n != 7]


def test_pasted_words_stand_somewhere_and_the_place_is_known():
    own = {"note": _texts(*[[3, 4, 5]] * 40)}
    pasted = paste(own, _seven_marked(), torch.zeros(40, dtype=torch.int64), torch.Generator().manual_seed(0))
    result, places = pasted.inputs["note"], pasted.places["note"]
    assert (result[places] == 7).all()
    assert (places.sum(dim=1) == 1).all()
    assert set(places.int().argmax(dim=1).tolist()) == {0, 1, 2, 3}


def test_toggled_words_are_taken_out_of_texts_that_have_them():
    own = {"note": _texts([3, 7, 4], [3, 4])}
    rows = torch.zeros(2, dtype=torch.int64)
    toggled = paste(own, _seven_marked(), rows, torch.Generator().manual_seed(0), toggle=True)
    assert _said(toggled.inputs["note"][0]) == [3, 4]
    assert not toggled.places["note"][0].any()
    assert sorted(_said(toggled.inputs["note"][1])) == [3, 4, 7]
    kept = paste(own, _seven_marked(), rows, torch.Generator().manual_seed(0))
    assert (kept.inputs["note"] == 7).sum(dim=1).tolist() == [1, 1]


def test_texts_that_share_one_word_of_a_phrase_do_not_have_it():
    """Marked: 'the stamp' (8 9). A text with another 'the' gets the phrase; only one with all of it loses it."""
    texts = _texts([1, 8, 9, 2])
    phrase = _marked_texts(texts, (texts == 8) | (texts == 9))
    own = {"note": _texts([3, 8, 4], [3, 8, 9])}
    toggled = paste(own, phrase, torch.zeros(2, dtype=torch.int64), torch.Generator().manual_seed(0), toggle=True)
    assert {8, 9} <= set(_said(toggled.inputs["note"][0]))
    assert _said(toggled.inputs["note"][1]) == [3]


def test_marks_on_other_fields_leave_texts_as_they_are():
    spec = spec_of(fields=[{**IMAGE, "size": 4}, NOTE])
    rows = marked_of(spec, 4)
    rows.ignore["note"][:] = False
    inputs = cases_of(spec, 6, seed=3).inputs
    generator = torch.Generator().manual_seed(0)
    donors = {name: value[:4] for name, value in inputs.items()}
    for result in (
        exchange(inputs, rows, generator)["note"],
        paste(inputs, rows, torch.tensor([0, 1, 2, 3, 0, 1]), generator, toggle=True).inputs["note"],
        replace_marked(donors, rows, donors)["note"],
    ):
        assert torch.equal(result, inputs["note"][: len(result)])


def corners(weights: tuple[float, ...] = ()) -> MarkedExamples:
    """Three cases: the top left pixel of a 4 x 4 image marked, the bottom right one, and all of the middle."""
    spec = spec_of(fields=[{"name": "image", "kind": "image", "size": 4}])
    mask = torch.zeros((3, 1, 4, 4), dtype=torch.bool)
    mask[0, 0, 0, 0] = mask[1, 0, 3, 3] = True
    mask[2, 0, 1:3, :] = True
    found = marked(spec, cases_of(spec, 3), {"image": mask})
    return replace(found, weights=torch.tensor(weights)) if weights else found


def changed_places(marks: MarkedExamples) -> torch.Tensor:
    """Which pixels of six cases, each plain and unlike the others, differ after an exchange everywhere."""
    own = torch.arange(6, dtype=torch.uint8).view(6, 1, 1, 1).expand(6, 1, 4, 4)
    return exchange_everywhere({"image": own}, marks, torch.Generator().manual_seed(0))["image"] != own


def test_every_case_exchanges_all_marked_places_that_cover_little():
    assert torch.equal(changed_places(corners().rows([0, 1])), corners().ignore["image"][:2].any(0).expand(6, 1, 4, 4))


def test_marks_that_are_not_trusted_are_no_places_of_all_cases():
    assert torch.equal(changed_places(corners((0.1, 1.0, 0.1))), corners().ignore["image"][1].expand(6, 1, 4, 4))


def test_where_marks_cover_much_each_case_takes_as_many_as_cover_a_quarter():
    changed = changed_places(corners())
    assert {tuple(case.flatten().nonzero().flatten().tolist()) for case in changed} <= {
        tuple(mask.flatten().nonzero().flatten().tolist()) for mask in corners().ignore["image"]
    }
