"""Spreading the marks of one artefact: where else does the same content stand?"""
