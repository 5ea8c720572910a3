"""Sentences of analytics: cohorts and the people in them."""
