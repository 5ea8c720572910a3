"""What is done to channels, touches and spend."""
