"""Spreading marks through the real services: search, tick, accept, undo, and what training and gate see of it."""

from pathlib import Path

import numpy as np
import pytest

from core.contracts import SpreadView
from core.errors import BadInput, Conflict, NotFound, Refused
from core.media.masks import decode_mask
from core.services.container import Container
from core.services.spread_precision import Look, estimated, page, refusal
from core.storage import audit, erasure, proposals, regions, runs
from core.storage.blobs import collect_garbage
from tests.helpers.planted_corners import corner_of, patch, prepare_planted
from tests.helpers.tiny_folder import SIZE
from tests.helpers.tiny_product import WORKSPACE, copy_home, names_of, open_home


@pytest.fixture(scope="module")
def planted_home(tmp_path_factory) -> Path:
    """A closed home of the planted workspace."""
    return prepare_planted(tmp_path_factory.mktemp("planted"))


@pytest.fixture
def product(planted_home, tmp_path):
    container = open_home(copy_home(planted_home, tmp_path / "home"))
    yield container
    container.close()


def searched(product: Container) -> SpreadView:
    """The view after a search."""
    product.spread.search(WORKSPACE, "corner", actor=product.default_actor)
    while product.jobs.work_once():
        pass
    return product.spread.view(WORKSPACE, "corner", limit=200)


def ticked(product: Container, view: SpreadView, most: int = 200) -> SpreadView:
    """The view after each open proposal of it was judged by the truth."""
    shown = [item for item in view.proposals if item.status == "open"][:most]
    right = tuple(item.id for item in shown if corner_of(item.case) is not None)
    wrong = tuple(item.id for item in shown if corner_of(item.case) is None)
    return product.spread.decide(WORKSPACE, "corner", actor=product.default_actor, right=right, wrong=wrong)


def standing(product: Container):
    with product.runtime.database.read() as tx:
        workspace, _ = product.retraining.catalogue.workspace(tx, WORKSPACE)
        return regions.standing(tx, workspace.id), regions.artefacts(tx, workspace.id)


def test_a_search_finds_the_carriers_with_their_own_masks(product):
    before = product.spread.view(WORKSPACE, "corner")
    assert (before.searched, before.proposals, before.marks, before.precision) == (0, (), 4, None)
    view = searched(product)
    trains = [name for name in names_of(product, "train") if corner_of(name) is not None]
    sure = [item.case for item in view.proposals if item.probability >= 0.9]
    assert len(set(sure) & set(trains)) >= 0.8 * len(trains)
    assert len([name for name in sure if corner_of(name) is None]) <= 0.05 * len(sure)
    assert set(sure) <= set(names_of(product, "train"))  # nobody read the other pool cases
    ticked(product, view)
    marks, (artefact,) = standing(product)
    spread = [mark for mark in marks if mark.verdict_id is None]
    assert (artefact.marks, artefact.spread) == (4, len(spread))
    with product.runtime.database.read() as tx:
        workspace, _ = product.retraining.catalogue.workspace(tx, WORKSPACE)
        names = {case.id: case.name for case in product.retraining.catalogue.cases(tx, workspace)}
    overlaps = []
    for mark in spread:
        mask = decode_mask(product.runtime.blobs.get(mark.mark.mask), SIZE, SIZE, "mask")
        true = patch(names[mark.case_id])
        overlaps.append((mask & true).sum() / (mask | true).sum())
    assert np.mean(np.array(overlaps) >= 0.5) >= 0.95


def test_many_are_accepted_only_after_enough_were_looked_at(product):
    view = searched(product)
    with pytest.raises(Refused, match="20 are needed"):
        product.spread.accept_above(WORKSPACE, "corner", 0.9, actor=product.default_actor)
    assert all(level.refusal for level in view.levels)
    view = ticked(product, view, most=5)
    assert view.precision.n == 5
    decided = {item.id: item.status for item in view.proposals if item.status != "open"}
    assert len(decided) == 5
    assert product.spread.reopen(WORKSPACE, "corner", actor=product.default_actor).open == view.open + 5
    with pytest.raises(Conflict, match="nothing to undo"):
        product.spread.reopen(WORKSPACE, "corner", actor=product.default_actor)


def test_acts_are_checked_and_on_record(product):
    view = searched(product)
    first = view.proposals[0].id
    with pytest.raises(BadInput, match="none twice"):
        product.spread.decide(WORKSPACE, "corner", actor=product.default_actor, right=(first,), wrong=(first,))
    with pytest.raises(NotFound, match="is gone"):
        product.spread.decide(WORKSPACE, "corner", actor=product.default_actor, right=(first, 10**6))
    with pytest.raises(NotFound, match="no artefact 'marker'"):
        product.spread.search(WORKSPACE, "marker", actor=product.default_actor)
    with pytest.raises(Conflict, match="No search"):
        product.spread.cancel(WORKSPACE, "corner", actor=product.default_actor)
    assert product.spread.view(WORKSPACE, "corner").accepted == 0
    product.spread.decide(WORKSPACE, "corner", actor=product.default_actor, right=(first,))
    with product.runtime.database.read() as tx:
        events = audit.events(tx, kind="spread")
    assert [event.subject["act"] for event in events] == ["tick", "search"]
    assert product.audit.verify().ok


def test_a_cancelled_search_changes_nothing_and_a_new_one_keeps_what_was_decided(product):
    view = searched(product)
    wrong = view.proposals[-1]
    right = view.proposals[0]
    product.spread.decide(WORKSPACE, "corner", actor=product.default_actor, wrong=(wrong.id,), right=(right.id,))
    product.spread.search(WORKSPACE, "corner", actor=product.default_actor)
    assert product.spread.view(WORKSPACE, "corner").progress is not None
    product.spread.cancel(WORKSPACE, "corner", actor=product.default_actor)
    again = product.spread.view(WORKSPACE, "corner")
    assert (again.progress, again.open, again.accepted, again.rejected) == (None, view.open - 2, 1, 1)
    last = searched(product)
    assert (last.accepted, last.rejected) == (1, 1)
    assert wrong.case not in [item.case for item in last.proposals if item.status == "open"]


def test_a_run_learns_from_what_was_accepted_before_it_was_asked_for(product):
    view = searched(product)
    view = ticked(product, view, most=6)
    run = product.retraining.start(WORKSPACE, actor=product.default_actor, strategy="guided")
    ticked(product, product.spread.view(WORKSPACE, "corner"), most=3)
    with product.runtime.database.read() as tx:
        spread = [mark for mark in regions.of_run(tx, run.id) if mark.verdict_id is None]
        assert runs.get(tx, run.id).id == run.id
    assert len(spread) == view.accepted
    assert (run.verdicts, run.marks) == (4, 4 + view.accepted)


def test_erasing_a_case_takes_its_proposal_along_and_rubbish_keeps_the_masks(product):
    view = ticked(product, searched(product), most=8)
    name = next(item.case for item in view.proposals if item.status == "accepted")
    collect_garbage(product.runtime.database, product.runtime.blobs, 0)
    marks, _ = standing(product)
    for mark in marks:
        product.runtime.blobs.get(mark.mark.mask)
    with product.runtime.database.write() as tx:
        workspace, _, case = product.retraining.catalogue.case(tx, WORKSPACE, name)
        erasure.erase_case(tx, case.id, product.default_actor.id, "asked for")
        assert case.id not in {mark.case_id for mark in proposals.accepted(tx, workspace.id)}
    assert product.spread.view(WORKSPACE, "corner").accepted == view.accepted - 1


def test_precision_counts_each_kind_by_what_waits():
    looks = [Look(0.95, True)] * 10 + [Look(0.6, False)] * 10
    found = estimated(looks, [0.95] * 90 + [0.6] * 10)
    assert found.value == pytest.approx(0.9)
    assert found.n == 20
    assert found.low < 0.9 < found.high
    assert estimated([], [0.9]) is None
    assert estimated(looks, [0.95] * 90, least=0.9).value == 1.0
    unknown = estimated(looks, [0.95, 0.3])  # nobody looked at one of the second kind
    assert unknown.high - unknown.low > 0.5


def test_refusal_says_what_is_missing():
    assert "20 are needed" in refusal([Look(0.95, True)] * 19, [0.95] * 50, 0.9)
    assert "as few as 0.84" in refusal([Look(0.95, True)] * 20, [0.95] * 50, 0.9)
    assert refusal([Look(0.95, True)] * 35, [0.95] * 50, 0.9) is None
    assert refusal([Look(0.95, True)] * 32 + [Look(0.95, False)] * 3, [0.95] * 50, 0.9) is not None


def test_a_page_has_sure_and_unsure_ones_and_stays_until_they_are_decided():
    waiting = (
        [(n, 0.99) for n in range(100)] + [(n, 0.7) for n in range(100, 120)] + [(n, 0.2) for n in range(120, 160)]
    )
    chosen = page(waiting, 24)
    kinds = [next(p for n, p in waiting if n == number) for number in chosen]
    assert (kinds.count(0.99), kinds.count(0.7), kinds.count(0.2)) == (16, 4, 4)
    assert kinds == sorted(kinds, reverse=True)
    assert page(waiting, 24) == chosen
    left = page([item for item in waiting if item[0] not in chosen[:5]], 24)
    assert set(chosen[5:]) <= set(left)
    assert sorted(page([(1, 0.3), (2, 0.95)], 24)) == [1, 2]
    assert page([], 24) == []
