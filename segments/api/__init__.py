"""The REST interface of segments."""
