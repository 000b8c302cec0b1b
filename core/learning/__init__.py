"""How feedback becomes a model, and how a model is proved: queue, assembly, strategies, gate."""
