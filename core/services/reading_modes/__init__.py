"""How people read beside the model: what each may know and when, and what is settled where they differ."""
