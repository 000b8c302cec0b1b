"""What `/metrics` tells of the guard."""

from prometheus_client.parser import text_string_to_metric_families

from core.services.guard.counting import Deferrals
from core.web.metrics import metrics_reply
from tests.core.services.conftest import prepared_home, product
from tests.helpers.tiny_product import WORKSPACE, names_of

__all__ = ["prepared_home", "product"]


class Running:
    """The part of the running product that `/metrics` reads."""

    worker = None

    def __init__(self, container):
        self._container = container

    def container(self):
        return self._container


def figures(container) -> dict[tuple[str, ...], float]:
    """Return (sample, its labels' values in order) -> value."""
    text = metrics_reply(Running(container)).body.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *sorted(sample.labels.values())): sample.value for sample in samples}


def test_deferrals_and_the_switch_are_counted(product):
    Deferrals.tally.clear()
    before = figures(product)
    view = product.guard.view(WORKSPACE)
    assert before["tandem_routed", "accepted", WORKSPACE] == view.cases - view.deferred
    assert ("tandem_suspended", WORKSPACE) not in before
    product.guard.suspend(WORKSPACE, "stop", actor=product.default_actor)
    product.predictions.predict(WORKSPACE, names_of(product, "pool")[0])
    after = figures(product)
    assert after["tandem_suspended", WORKSPACE] == 1
    assert after["tandem_deferrals_total", "suspended", WORKSPACE] == 1
