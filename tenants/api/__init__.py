"""The REST framework that every app's API stands on."""
