"""The demo: an invented portfolio, staff who can sign in, and the phone on which text messages arrive."""
