"""Arithmetic and rules, pure: values in, values out; no clock, no database, no web."""
