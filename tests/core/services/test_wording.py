"""Texts that not every database can keep are refused with a message, and nothing is stored."""

import pytest

from core.contracts import MarkForm
from core.errors import BadInput
from core.storage import verdicts
from tests.helpers.tiny_product import TARGET, WORKSPACE, corner_mark, names_of, verdict

NUL, HALF = "a\0b", "\ud800"


@pytest.fixture
def name(product):
    return names_of(product, "pool")[0]


@pytest.mark.parametrize("text", [NUL, HALF])
def test_comments_and_names_of_artefacts(product, name, text):
    mark = corner_mark()
    named = MarkForm(mark.field, mark.kind, text, mark.mask)
    with pytest.raises(BadInput, match=r"The comment holds .*(remove it|write the text again)\."):
        verdict(product, name, "above", comment=text)
    with pytest.raises(BadInput, match=r"The artefact's name holds "):
        verdict(product, name, "above", marks=(named,))
    with product.runtime.database.read() as tx:
        _, _, case = product.retraining.catalogue.case(tx, WORKSPACE, name)
        assert verdicts.history(tx, case.id, TARGET, product.default_actor.id) == ()


@pytest.mark.parametrize("text", [NUL, HALF])
def test_reasons(product, name, text):
    with pytest.raises(BadInput, match="The reason holds "):
        product.maintenance.erase(WORKSPACE, name, text, actor=product.default_actor)
    with pytest.raises(BadInput, match="The reason holds "):
        product.retraining.decide(WORKSPACE, "rollback", None, text, actor=product.default_actor)
