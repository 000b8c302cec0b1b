"""Pairs of cases before and after a change, for networks with frozen encoders."""

from dataclasses import replace

import torch

from core.learning import pairs as made
from core.learning.marks import MarkedExamples
from core.learning.pairs import Lot, Pairs
from core.learning.strategies import guided_pairs
from core.learning.strategies.base import supervised
from core.learning.strategies.guided_pairs import PairsObjective
from core.learning.task import Remembered
from core.models.embedding import condense
from core.models.examples import Examples
from core.models.network import build_network
from core.models.training import TrainingPlan, fit
from tests.helpers.learning_parts import DEVICE, context_of, fitted_network, marked_of
from tests.helpers.model_parts import AGE, RANDOM_BACKBONE, spec_of

FROZEN = spec_of(fields=[{"name": "image", "kind": "image", "size": 32}], encoder=RANDOM_BACKBONE)
OPTIONAL = [{"name": "image", "kind": "image", "size": 32, "required": False}, {**AGE, "required": False}]


class Counting:
    """An embedding cache that counts what is new."""

    def __init__(self):
        self.kept, self.new = {}, 0

    def get(self, keys):
        return {key: self.kept[key] for key in keys if key in self.kept}

    def put(self, keys, vectors):
        self.new += len(set(keys) - self.kept.keys())
        self.kept.update(zip(keys, vectors, strict=True))


def cached_context(cache, network, marks, **parts):
    context = context_of(network.spec, network, marks, **parts)
    return replace(context, condense=lambda examples: condense(network, examples, DEVICE, caches=lambda key: cache))


def test_a_draw_stays_the_same_when_other_rows_come():
    few, more = Lot(range(100), seed=1), Lot(range(110), seed=1)
    same = sum(few.row("draw", number) == more.row("draw", number) for number in range(200))
    assert same > 150
    assert len({few.row("draw", number) for number in range(200)}) > 30


def test_another_row_is_never_the_row_itself():
    lot = Lot("abc", seed=0)
    assert all(lot.other(row, number) != row for row in range(3) for number in range(20))
    assert Lot("a", seed=0).other(0, "alone") == 0


def test_a_second_round_finds_its_copies_in_the_cache():
    network, cache, marked = build_network(FROZEN, 0), Counting(), marked_of(FROZEN, 12)
    new = []
    for rows in (range(11), range(11), range(12)):
        PairsObjective(cached_context(cache, network, 0, marked=marked.rows(rows)))
        new.append(cache.new - sum(new))
    assert new[0] > 100
    assert new[1] == 0
    assert 0 < new[2] < new[0] / 4


def test_pairs_of_trusted_marks_are_drawn_more_often():
    side = {"image": torch.arange(4.0)[:, None]}
    pairs = Pairs(side, side, {"shape": torch.arange(4)}, torch.tensor([1.0, 1.0, 0.0, 0.0]))
    drawn = pairs.drawn(100, torch.Generator().manual_seed(0))
    assert set(drawn.labels["shape"].tolist()) == {0, 1}
    assert torch.equal(drawn.before["image"][:, 0].long(), drawn.labels["shape"])


def test_marks_that_nobody_trusts_are_not_moved_to_other_cases():
    marked = replace(marked_of(FROZEN, 4), weights=torch.tensor([1.0, 0.6, 0.2, 0.0]))
    assert made.trusted(marked).examples.case_ids == (0, 1)


def test_ordinary_cases_exchange_content_at_the_places_of_several_marks():
    spec = spec_of()
    marked = marked_of(spec, 8)
    marked.ignore["image"][:4] = marked.ignore["image"][:4].flip(3)
    context = context_of(spec, build_network(spec, 0), marked=marked)
    own = context.train.inputs["image"]
    changed = (made.exchanged(context, context.train, marked, "train")["image"] != own).float().mean(dim=(0, 1))
    assert bool((changed[:2, :2] > 0.5).all())
    assert bool((changed[:2, 4:] > 0.5).all())
    assert float(changed[2:].max()) == 0.0
    assert float(changed[:, 2:4].max()) == 0.0


def test_many_marks_get_one_copy_each():
    assert made.copies_of(marked_of(FROZEN, 6), 3) == 3
    marked = replace(marked_of(FROZEN, 6).rows([0] * 1000))
    assert made.copies_of(marked, 3) == 1


def test_each_copy_of_a_mark_is_filled_in_another_way():
    spec = spec_of()
    context = context_of(spec, build_network(spec, 0), marked=marked_of(spec, 1))
    after = made.removed(context, context.marked, 3).after["image"]
    own = context.marked.examples.inputs["image"]
    assert all(torch.equal(copy[:, 2:], own[0, :, 2:]) for copy in after)
    assert len({tuple(copy[0, :2, :2].flatten().tolist()) for copy in after}) == 3


def test_cases_without_a_copy_are_stood_in_for(monkeypatch):
    """Where there are more cases than copies, half of the others are seen as one that has a copy."""
    monkeypatch.setattr(guided_pairs, "EXCHANGED_CASES", 10)
    objective = PairsObjective(context_of(FROZEN, build_network(FROZEN, 0)))
    rows = torch.arange(40).repeat(50)
    seen = objective._exchanged.stood_in(rows, torch.Generator().manual_seed(0))
    with_copy = set(objective._exchanged._chosen.tolist())
    assert len(with_copy) == 10
    kept = [row == other for row, other in zip(rows.tolist(), seen.tolist(), strict=True) if row not in with_copy]
    assert 0.4 < sum(kept) / len(kept) < 0.6
    assert all(other in with_copy or row == other for row, other in zip(rows.tolist(), seen.tolist(), strict=True))


def halves_of(count, seed, *, apart=False):
    """Pictures whose upper half tells the class, and the lower one too unless they are `apart`."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(3, (count,), generator=generator)
    below = torch.randint(3, (count,), generator=generator) if apart else labels
    shades = torch.cat([part.view(-1, 1, 1, 1).expand(-1, 1, 3, 6) for part in (labels, below)], dim=2)
    pixels = 60 * shades + torch.randint(0, 60, shades.shape, generator=generator)
    return Examples(tuple(range(count)), {"image": pixels.to(torch.uint8)}, {"shape": labels}, ("g",) * count)


def accuracy_after(objective_of, marked):
    spec = spec_of()
    network = build_network(spec, 0)
    context = context_of(spec, network, train=halves_of(80, 1), validation=halves_of(30, 2), marked=marked)
    fit(network, objective_of(context), TrainingPlan(epochs=20, batch_size=8, learning_rate=1e-2))
    test = halves_of(200, 3, apart=True)
    with torch.no_grad():
        answers = network(test.inputs)["shape"].argmax(dim=1)
    return float((answers == test.labels["shape"]).float().mean())


def test_look_here_marks_alone_make_what_is_inside_decide(monkeypatch):
    """Taught by pairs alone, without a gradient, a model follows the marked half where the two disagree."""
    monkeypatch.setattr(guided_pairs, "_marks_trained", lambda context: False)
    look = torch.zeros(12, 1, 6, 6, dtype=torch.bool)
    look[:, :, :3] = True
    examples, kinds = halves_of(80, 1).select(range(12)), {"image": "image"}
    marked = MarkedExamples(examples, {"image": torch.zeros_like(look)}, {"image": look}, (None,) * 12, kinds)
    assert accuracy_after(supervised, marked) < 0.75
    assert accuracy_after(PairsObjective, marked) > 0.85


def test_trained_fields_of_a_mixed_network_are_guided_by_gradient():
    """A marked number beside a frozen picture without a mark: its gradient is penalised, and no picture is copied."""
    network = build_network(spec_of(fields=OPTIONAL, encoder=RANDOM_BACKBONE), 0)
    marked = marked_of(network.spec, 6)
    marked.ignore["image"].zero_()
    context = context_of(network.spec, network, marked=marked)
    fitted_network(network, context.train)
    objective = PairsObjective(context)
    penalty = objective._trained.gradient(network, torch.Generator().manual_seed(0))
    assert float(penalty.detach()) > 0
    penalty.backward()
    assert float(network.encoder("age").layer.weight.grad.abs().sum()) > 0
    assert objective._exchanged._copies == {}


def test_look_here_marks_keep_what_is_inside_and_what_is_outside():
    """Outside the mark nothing of the case is left, inside all of it; and the other way about."""
    spec = spec_of()
    network, marked = build_network(spec, 0), marked_of(spec, 3)
    look = {"image": marked.ignore["image"]}
    marked = replace(marked, look=look, ignore={"image": torch.zeros_like(look["image"])})
    context = context_of(spec, network, marked=marked)
    own = marked.examples.inputs["image"]
    without_outside, without_inside = (make(context, marked, 1).after["image"] for make in (made.outside, made.inside))
    assert torch.equal(without_outside[:, :, :2, :2], own[:, :, :2, :2])
    assert torch.equal(without_inside[:, :, 2:], own[:, :, 2:])
    assert not torch.equal(without_outside[:, :, 2:], own[:, :, 2:])
    assert not torch.equal(without_inside[:, :, :2, :2], own[:, :, :2, :2])


def test_pairs_that_are_equal_have_no_gap_however_much_is_hidden():
    """Fields that are hidden in training are hidden on both sides of a pair, or the gap would punish using them."""
    spec = spec_of(fields=OPTIONAL, encoder=RANDOM_BACKBONE, fusion={"missing": 0.5, "dropout": 0.5})
    network = build_network(spec, 0)
    objective = PairsObjective(context_of(spec, network))
    same = replace(objective._pairs, after=objective._pairs.before)
    network.train()
    with torch.no_grad():
        before, after = objective._both(network, same, step=3)
        other, _ = objective._both(network, same, step=4)
    assert torch.equal(before["shape"], after["shape"])
    assert not torch.equal(before["shape"], other["shape"])


def test_changed_copies_do_not_stay_in_memory():
    """What a retraining remembers are its sets of cases, not the copies that strategies make of them."""
    network, seen = build_network(FROZEN, 0), []

    def look(network, examples):
        seen.append(len(examples))
        return condense(network, examples, DEVICE)

    remembered = Remembered(look)
    context = context_of(FROZEN, network)
    for _ in range(2):
        PairsObjective(replace(context, condense=lambda examples: remembered(network, examples)))
    assert seen.count(len(context.validation)) == 1 + 2 * 2
    assert len(remembered._kept) < 10
