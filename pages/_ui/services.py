"""Where the pages get the services from."""

from __future__ import annotations

import streamlit as st

from core.contracts import Services


class _Replacement:
    services: Services | None = None


@st.cache_resource(show_spinner=False)
def _shared_services() -> Services:
    from core.services.container import shared_container

    return shared_container()


def get_services() -> Services:
    """Return the services of this process: the shared container, or what `use` put in its place."""
    return _Replacement.services or _shared_services()


def use(services: Services | None) -> None:
    """Replace the services of this process (`None` puts the shared container back)."""
    _Replacement.services = services
