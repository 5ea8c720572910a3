"""A provider for trials and tests: a process of its own that keeps what it was given (`server`), and its client."""
