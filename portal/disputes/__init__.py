"""Disputes: what a borrower sees differently, the answer promised, and the decision with what it takes off."""
