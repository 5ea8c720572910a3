"""REST addresses of channels, spend, and of contacts as other systems tell them."""
