"""Counterfactuals: changed inputs that get another answer, found by asking the model.

One search per kind of input: `table.find`, `text.find`, `image.find`. Each takes a callable that answers many inputs
at once with probabilities, and returns a `base.Search`.
"""
