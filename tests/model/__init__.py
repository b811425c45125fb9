"""A second engine and random portfolios, written apart from the first, to test it against."""
