"""The team page: whether person and model together beat either, and who should read what."""
