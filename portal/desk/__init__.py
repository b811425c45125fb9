"""The desk: what crosses features for staff, from the queues in the bar to the case of a person. It owns no fact."""
