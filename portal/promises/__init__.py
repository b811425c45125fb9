"""Promises to pay: an amount by a day, that the person makes, moves, takes back, and keeps by paying."""
