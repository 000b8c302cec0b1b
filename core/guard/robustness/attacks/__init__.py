"""Attacks: small changes of pixels, searched for with the gradient, that turn right answers wrong."""
