"""Evidence is computed once for equal questions about equal content, kept, and erased with its case."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from sqlalchemy import func, select

from core.errors import BadInput, Unavailable
from core.models.engine import Engine
from core.models.network import TandemNetwork
from core.services.evidence.keeping import READ_BACKGROUND, inputs_key, pack, unpack
from core.services.explaining import Explaining
from core.storage import schema
from core.storage.blobs import BlobStore
from explain.base import Attribution
from explain.baselines import baselines
from explain.registry import compatible
from tests.helpers.evidence import MIXED, TONE, form, question, stored
from tests.helpers.subjects import numbers, subject
from tests.helpers.tiny_models import mlp
from tests.helpers.tiny_product import open_home


def touched(*_, **__):
    raise AssertionError("the model was touched")


def rows(container) -> int:
    with container.runtime.database.read() as tx:
        return tx.execute(select(func.count()).select_from(schema.evidence)).scalar_one()


def test_kept_evidence_is_shown_after_a_restart_without_touching_the_model(mixed, monkeypatch):
    actor, asked = mixed.default_actor, form("m004")
    first = mixed.evidence.explain(asked, actor=actor)
    measured = mixed.evidence.quality(asked, actor=actor)
    mixed.close()
    again = open_home(mixed.settings.home)
    for part, name in ((TandemNetwork, "answer_entries"), (TandemNetwork, "enter"), (TandemNetwork, "embed")):
        monkeypatch.setattr(part, name, touched)
    for name in ("predict", "predict_many", "submit"):
        monkeypatch.setattr(Engine, name, touched)
    try:
        shown = again.evidence.explain(replace(asked, label=first.label), actor=actor)
        assert (first.cached, shown.cached) == (False, True)
        assert replace(shown, cached=False) == first
        assert again.evidence.methods(MIXED, "m004", actor=actor)[0].name == first.method
        assert again.evidence.quality(replace(asked, label=first.label), actor=actor) == measured
    finally:
        again.close()


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_kept_evidence_whose_file_is_gone_is_computed_again(mixed, harm):
    actor, asked = mixed.default_actor, form("m004", "occlusion")
    first = mixed.evidence.explain(asked, actor=actor)
    with mixed.runtime.database.read() as tx:
        kept = tx.execute(select(schema.evidence.c.blob)).scalars().all()
    for name in set(kept):
        file = mixed.runtime.blobs.path(name)
        file.unlink()
        if harm == "damaged":
            file.write_bytes(b"nonsense")
    again = mixed.evidence.explain(asked, actor=actor)
    assert not again.cached
    assert [one.total for one in again.fields] == pytest.approx([one.total for one in first.fields])
    assert mixed.evidence.explain(asked, actor=actor).cached


def test_the_stored_score_tells_the_label_without_the_model(mixed, monkeypatch):
    model, case = next((m, c) for m, c in (stored(mixed, f"m{i:03d}") for i in range(50)) if c.split == "ledger")
    expected = mixed.predictions.predict(MIXED, case.name).target(TONE).label
    mixed.review.explaining.answers._items.clear()
    monkeypatch.setattr(Engine, "predict", touched)
    assert mixed.review.explaining.label(model, case, TONE) == expected


def test_two_sessions_that_ask_the_same_compute_it_once(mixed, monkeypatch):
    computed, both = [], threading.Barrier(8)
    compute = Explaining._compute

    def counting(self, asked, cancelled):
        computed.append(asked.key)
        return compute(self, asked, cancelled)

    monkeypatch.setattr(Explaining, "_compute", counting)

    def ask(_):
        both.wait(20)
        return mixed.evidence.explain(form("m004", "occlusion"), actor=mixed.default_actor)

    with ThreadPoolExecutor(8) as pool:
        views = list(pool.map(ask, range(8)))
    assert len(computed) == 1
    assert len({replace(view, cached=False) for view in [replace(v, options=()) for v in views]}) == 1


def test_an_error_reaches_every_session_and_nothing_is_kept(mixed, monkeypatch):
    before = rows(mixed)
    network = stored(mixed)[0].network
    monkeypatch.setattr(network, "logits", lambda embedding, target: torch.full((len(embedding), 2), torch.nan))

    def ask(_):
        with pytest.raises(BadInput, match=r"can't explain case 'm004'.*NaN"):
            mixed.evidence.explain(form("m004", "occlusion", label="calm"), actor=mixed.default_actor)

    mixed.evidence.methods(MIXED, "m003", actor=mixed.default_actor)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(ask, range(2)))
    assert rows(mixed) <= before + 1  # what fits may be kept, no map


def test_cases_with_equal_inputs_share_and_others_do_not(mixed):
    (model, one), (_, other) = stored(mixed, "m004"), stored(mixed, "m005")
    twin = replace(other, fields=one.fields)
    assert inputs_key(twin, model.spec) == inputs_key(one, model.spec) != inputs_key(other, model.spec)
    asked = question(mixed, "m004", method="occlusion")
    assert not mixed.review.explaining.explain(asked).cached
    assert mixed.review.explaining.explain(replace(asked, case=twin)).cached
    assert not mixed.review.explaining.explain(replace(asked, case=other)).cached


def test_every_part_of_a_question_counts(shared):
    asked = question(shared, method="occlusion")
    _, reference = stored(shared, "m005")
    others = [
        replace(asked, label="calm"),
        replace(asked, target="side", label="above"),
        replace(asked, against="calm"),
        replace(asked, baseline="zero"),
        replace(asked, baseline="case", reference=reference),
        replace(asked, baseline="case", reference=stored(shared, "m006")[1]),
        replace(asked, options={**asked.options, "window": 0.3}),
        replace(asked, method=shared.review.explaining.methods.named("saliency")),
        replace(asked, model=replace(asked.model, key="other")),
        question(shared, "m004", method="occlusion"),
    ]
    assert len({one.key for one in (asked, *others)}) == len(others) + 1
    assert question(shared, method="occlusion").key == asked.key


def test_erasing_a_case_takes_what_was_compared_with_it(mixed):
    actor, base = mixed.default_actor, rows(mixed)
    compared = form("m004", "occlusion", baseline="case", reference="m005")
    mixed.evidence.explain(compared, actor=actor)
    mixed.evidence.explain(form("m006", "occlusion"), actor=actor)
    assert rows(mixed) > base + 2
    mixed.maintenance.erase(MIXED, "m005", "consent withdrawn", actor=actor)
    with mixed.runtime.database.read() as tx:
        left = set(tx.execute(select(schema.evidence.c.case_id)).scalars())
    assert stored(mixed, "m005")[1].id not in left
    with pytest.raises(BadInput, match="Nothing is left of case 'm005'"):
        mixed.evidence.explain(compared, actor=actor)
    assert mixed.evidence.explain(form("m006", "occlusion"), actor=actor).cached


def test_nothing_is_kept_of_a_case_that_was_erased_meanwhile(mixed):
    model, case = stored(mixed, "m005")
    mixed.maintenance.erase(MIXED, "m005", "consent withdrawn", actor=mixed.default_actor)
    before = rows(mixed)
    mixed.review.explaining.store.put(model, (case,), "key", b"map")
    assert rows(mixed) == before


def test_what_can_not_be_kept_is_shown_all_the_same(mixed, monkeypatch):
    def full(self, data):
        raise Unavailable("The disk is full.")

    monkeypatch.setattr(BlobStore, "put", full)
    asked = form("m004", "occlusion")
    assert mixed.evidence.explain(asked, actor=mixed.default_actor).fields
    assert not mixed.evidence.explain(asked, actor=mixed.default_actor).cached


@pytest.mark.parametrize(("error", "steps", "spread"), [(None, None, None), (0.25, 7, (0.5, 0.0))])
def test_an_attribution_comes_back_as_it_was(error, steps, spread):
    values = tuple(torch.randn(shape) for shape in ((1, 2, 2), (3,), (4, 1), (1,))) + (torch.zeros(2),) * 8
    found = Attribution(values, error, False, steps, True, 1.5, standard_errors=spread)
    back = unpack(pack(found), signed=True)
    assert all(torch.equal(a, b) for a, b in zip(back.values, values, strict=True))
    same = (back.completeness_error, back.reached, back.steps, back.signed, back.seconds, back.standard_errors)
    assert same == (error, False, steps, True, 1.5, spread)


def test_what_is_seen_against_other_cases_is_kept_for_those_cases(mixed):
    ways = [{"method": "expected_gradients"}, {"method": "occlusion"}]
    ways += [{"method": "integrated_gradients", "baseline": name} for name in ("mean", "median", "background", "zero")]
    before = [question(mixed, **way).key for way in ways]
    assert [question(mixed, **way).key for way in ways] == before
    other = mixed.review.explaining.questions.background_cases(*stored(mixed))[0]
    mixed.maintenance.erase(MIXED, other.name, "consent withdrawn", actor=mixed.default_actor)
    after = [question(mixed, **way).key for way in ways]
    changed = [new != old for new, old in zip(after, before, strict=True)]
    assert changed == [True, False, True, True, True, False]


def test_what_reads_other_cases_is_known():
    plain, point = subject(mlp(4, 2), ("numeric",), 2), (numbers(4),)
    one, other = (replace(plain, background=(torch.randn(6, 4) + shift,)) for shift in (0.0, 3.0))
    named = {
        known.name
        for known in baselines()
        if known.fits(one)
        for made in [[known.build(seen, point, point, point) for seen in (one, other)]]
        if not all(torch.equal(a[0], b[0]) for a, b in zip(*made, strict=True))
    }
    zero = (torch.zeros(1, 4),)
    for method in compatible(one, point):
        maps = [method.explain(seen, point, 0, zero).values[0] for seen in (one, other)]
        if not torch.equal(*maps):
            named.add(method.name)
    assert named == READ_BACKGROUND
