"""Verbs of analytics: facts, lives and rollups follow what changed."""
