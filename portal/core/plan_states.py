"""The states of plans, promises and settlements, and what leads from one to another (domain.md 9), as data.

Whoever changes a state asks `after`; that terminal states are final is a property of the tables, proved by tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.core.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Machine:
    """States in their order, and for each what may happen in it: event to next state. A state without any is final."""

    name: str
    moves: Mapping[str, Mapping[str, str]]

    @property
    def states(self) -> tuple[str, ...]:
        """All states, the first one first."""
        return tuple(self.moves)

    @property
    def final(self) -> tuple[str, ...]:
        """The states that nothing leads out of."""
        return tuple(state for state, events in self.moves.items() if not events)

    @property
    def open(self) -> tuple[str, ...]:
        """The states in which something may still happen."""
        return tuple(state for state, events in self.moves.items() if events)

    def after(self, state: str, event: str) -> str:
        """The state that an event leads to. Refusal `<name>.state` with the state where it cannot happen."""
        following = self.moves[state].get(event)
        if following is None:
            raise Refusal(f"{self.name}.state", state=state)
        return following

    def sources(self, event: str) -> tuple[str, ...]:
        """The states in which an event can happen."""
        return tuple(state for state, events in self.moves.items() if event in events)

    def steps(self) -> tuple[tuple[str, str, str], ...]:
        """Every row of the table: state, event, next state."""
        return tuple((state, event, after) for state, events in self.moves.items() for event, after in events.items())


_OVER: Mapping[str, str] = {}

_AGREED = {"fulfil": "kept", "settle": "kept", "replace": "replaced", "loan_left": "cancelled"}
"""What ends a plan that was agreed: all of it is paid, a settlement or another plan comes instead, the loan is sold."""

PLAN = Machine(
    "plan",
    {
        "draft": {"send": "proposed", "discard": "withdrawn", "loan_left": "lapsed"},
        "proposed": {
            "approve": "running",
            "counter": "countered",
            "refuse": "refused",
            "withdraw": "withdrawn",
            "lapse": "lapsed",
            "loan_left": "lapsed",
        },
        "countered": {
            "accept": "running",
            "withdraw": "withdrawn",
            "refuse": "refused",
            "lapse": "lapsed",
            "void": "proposed",
            "take_back": "proposed",
            "loan_left": "lapsed",
        },
        "refused": _OVER,
        "lapsed": _OVER,
        "withdrawn": _OVER,
        "running": {"evaluate": "evaluated", **_AGREED},
        "evaluated": {"confirm": "cancelled", "go_on": "running", "rejudge": "running", **_AGREED},
        "cancelled": _OVER,
        "kept": _OVER,
        "replaced": _OVER,
    },
)
"""Cancelled only by rule: nothing leads from `running` to `cancelled` but a loan that is sold; a breach is evaluated
first, and a person confirms it."""

_JUDGED = {"keep": "kept", "keep_partly": "partly_kept", "break": "broken", "withdraw": "withdrawn"}

PROMISE = Machine(
    "promise",
    {
        "open": {"move": "moved", "say_paid": "being_verified", **_JUDGED},
        "moved": {"say_paid": "being_verified", **_JUDGED},
        "being_verified": {"answer": "open", "answer_moved": "moved", **_JUDGED},
        "kept": _OVER,
        "partly_kept": _OVER,
        "broken": _OVER,
        "withdrawn": _OVER,
    },
)
"""Moved once: nothing leads from `moved` to `moved`. Being verified, it goes on as it stood before once what the person
said is answered: `answer`, or `answer_moved` where it had been moved."""

SETTLEMENT = Machine(
    "settlement",
    {
        "quoted": {"accept": "accepted", "lapse": "lapsed"},
        "accepted": {"pay": "paid", "lapse": "lapsed"},
        "paid": _OVER,
        "lapsed": _OVER,
    },
)

MACHINES = (PLAN, PROMISE, SETTLEMENT)
