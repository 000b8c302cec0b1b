"""Answer sets: which labels can't be ruled out."""
