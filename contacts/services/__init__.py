"""What is done to contacts."""
