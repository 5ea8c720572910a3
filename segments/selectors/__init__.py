"""Questions about segments and the people in them."""
