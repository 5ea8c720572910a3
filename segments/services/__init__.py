"""What changes segments and who is in them."""
