"""How unlike the training cases a case is, in a version's own space: one detector a file, found by name."""
