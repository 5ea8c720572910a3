"""Sentences that only the console asks, across the apps below it."""
