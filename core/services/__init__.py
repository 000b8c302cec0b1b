"""The verbs of the product: load, call, save. The only place where the parts meet; wired in `container`."""
