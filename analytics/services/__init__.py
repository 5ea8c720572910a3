"""Verbs of analytics: facts and rollups follow what changed."""
