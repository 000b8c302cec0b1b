"""Attribution methods and their quality metrics: modules and tensors in, frozen results out.

A pure leaf: nothing here knows a data set, a page or the rest of Tandem. Start at `explain.registry`.
"""
