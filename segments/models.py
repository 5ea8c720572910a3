"""Segments come with the rules that define them."""
