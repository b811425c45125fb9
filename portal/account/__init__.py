"""The borrower's own view: what is due, how each penalty came about, what a payment would do."""
