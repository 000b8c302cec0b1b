"""Tandem's core: the verbs of the product and everything below them."""
