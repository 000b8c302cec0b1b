"""Spreading the marks of one artefact: where else the same content stands."""
