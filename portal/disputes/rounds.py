"""The two rounds of a dispute, its decision and the one review of that: which act, which states, whose role."""

from typing import NamedTuple

from portal.platform.gate import PERMISSIONS


class Round(NamedTuple):
    """`act` is what awaits a second person, as `access` calls it; `waits` the state meanwhile, `ends` the last one."""

    name: str
    act: str
    waits: str
    ends: str
    permission: str

    @property
    def roles(self) -> frozenset[str]:
        """Who may decide in it."""
        return PERMISSIONS[self.permission]


FIRST = Round("first", "decide_dispute", "proposed", "decided", "handle_disputes")
REVIEW = Round("review", "review_dispute", "in_review", "closed", "review_disputes")


def round_of(state: str) -> Round:
    """In which round a dispute of this state is decided, or was."""
    return REVIEW if state in {REVIEW.waits, REVIEW.ends} else FIRST
