"""Complaints about how somebody was contacted: own form, own number, to a supervisor, never to the person named."""
