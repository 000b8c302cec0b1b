"""A prepared home once, a copy of it for every test."""

from tests.core.services.conftest import prepared_home, product

__all__ = ["prepared_home", "product"]
