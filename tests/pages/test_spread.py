"""The section that spreads marks: search, ticks, acceptance, undo."""

from fake_data import ARTEFACT
from fake_services import FakeServices, digits_state
from streamlit.testing.v1 import AppTest

from pages._ui import services

NAME = ARTEFACT.name


def opened(open_page):
    fake = FakeServices(digits_state())
    return fake, open_page("retraining", fake, workspace="decoy-digits")


def found(open_page):
    """The page after a search has ended."""
    fake, page = opened(open_page)
    page.button(key="spread_search").click().run()
    for _ in range(6):
        page.run()
    return fake, page


def words(page) -> str:
    return " ".join(item.value for item in (*page.markdown, *page.caption))


def test_a_search_can_be_cancelled(open_page):
    fake, page = opened(open_page)
    assert "spread_grid" not in words(page)
    page.button(key="spread_search").click().run()
    page.button(key="spread_cancel").click().run()
    assert fake.spread.found == {}
    assert page.button(key="spread_search").label == "Find it in other cases"


def test_ticks_stay_in_place_until_the_page_is_done(open_page):
    fake, page = found(open_page)
    keys = [button.key for button in page.button if str(button.key).startswith("spread_right_")]
    assert len(keys) == 24
    page.button(key=keys[0]).click().run()
    page.button(key=keys[1].replace("right", "wrong")).click().run()
    again = [button.key for button in page.button if str(button.key).startswith("spread_right_")]
    assert again == keys
    assert "Right among the open ones" in words(page)
    page.button(key="spread_all_right").click().run()
    new = [button.key for button in page.button if str(button.key).startswith("spread_right_")]
    assert not set(new) & set(keys)
    page.button(key="spread_undo").click().run()
    assert sum(item.status != "open" for item in fake.spread.found[NAME]) == 2


def test_many_are_accepted_once_enough_were_looked_at(open_page):
    fake, page = found(open_page)
    assert page.button(key="spread_accept_above").disabled
    assert "20 are needed" in words(page).replace("\\", "")
    while page.button(key="spread_accept_above").disabled:
        page.button(key="spread_all_right").click().run()
    assert len(fake.spread.acts) <= 5
    page.button(key="spread_accept_above").click().run()
    left = [item.probability for item in fake.spread.found[NAME] if item.status == "open"]
    assert max(left) < 0.9
    page.segmented_control(key="spread_level").set_value(0.5).run()
    assert page.button(key="spread_accept_above").disabled  # few unsure ones were looked at


def test_without_an_artefact_it_says_what_to_do():
    services.use(FakeServices(digits_state()))
    app = AppTest.from_string("from pages._ui.spread import draw_spread\ndraw_spread('decoy-digits', ())").run()
    assert "Mark what the model should not use" in app.markdown[0].value
