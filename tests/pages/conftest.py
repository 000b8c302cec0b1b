"""Pages on the fake services; every test starts with empty caches."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from fake_services import FakeServices  # noqa: E402

from pages._ui import services  # noqa: E402

OpenPage = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    services.use(None)
    st.cache_resource.clear()


@pytest.fixture
def open_page() -> OpenPage:
    """Open a page on the given fake services, as its address would."""

    def opened(page: str, fake: FakeServices, **parameters: str) -> AppTest:
        services.use(fake)
        app = AppTest.from_file(str(ROOT / "pages" / "_navigation.py"), default_timeout=20)
        app.run()
        for name, value in parameters.items():
            app.query_params[name] = value
        if page == "home":
            return app.run() if parameters else app
        return app.switch_page(f"{page}.py").run()

    return opened
