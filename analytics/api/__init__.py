"""The REST side of analytics."""
