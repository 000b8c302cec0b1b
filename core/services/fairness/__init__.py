"""For whom a version is better or worse, and the trade-off between accuracy and gaps."""
