"""Formats of tables and annotations: bytes and paths to frozen records and back. Knows no case store and no model."""
