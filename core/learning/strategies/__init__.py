"""Retraining strategies: how labels and marks become a loss. One per file, found through the registry."""
