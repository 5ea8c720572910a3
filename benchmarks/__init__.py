"""How fast the product is, beside the plain way to do the same thing, on this machine."""
