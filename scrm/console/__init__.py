"""The operator console: the site, its shell and its pages."""
