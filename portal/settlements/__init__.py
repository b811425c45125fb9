"""Settlements: one payment closes a loan by a date, quoted by the rules or offered by staff, judged by what arrives."""
