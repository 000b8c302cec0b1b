"""What training needs to make groups alike: constraints with multipliers, an adversary, weights. Tensors alone."""
