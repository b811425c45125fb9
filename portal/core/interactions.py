"""What may happen beside what: the table of holds and acts (domain.md 9), decided from the holds alone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

from portal.core.facts import LoanStatus
from portal.core.refusal import Refusal

Act: TypeAlias = Literal["file_dispute", "propose_plan", "promise", "accept_settlement"]
HoldKind: TypeAlias = Literal["dispute", "plan", "promise", "settlement", "fraud", "incapacity"]
PendingKind: TypeAlias = Literal[HoldKind, "proposal", "refund", "hardship"]
Presence: TypeAlias = Literal[HoldKind, "closed", "written_off", "sold"]
Role: TypeAlias = Literal["borrower", "co_borrower", "guarantor", "representative"]
Effect: TypeAlias = Literal[
    "covers_undisputed_only",
    "replaces_plan",
    "ends_plan_as_kept",
    "withdraws_promise",
    "lapses_settlement",
    "adds_to_fraud",
]

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Part:
    """What a dispute or promise is about. No instalment: the whole loan; no days: all of them.

    `kind` is what is meant of it, such as `nights`, `late_fee` or `instalment`. A promised instalment is
    named by its due date as `from_day`.
    """

    instalment: int | None
    from_day: date | None
    to_day: date | None
    kind: str

    def overlaps(self, other: "Part") -> bool:
        """Whether both mean the same kind of thing on a shared instalment and day."""
        same_instalment = None in (self.instalment, other.instalment) or self.instalment == other.instalment
        return (
            same_instalment
            and self.kind == other.kind
            and (self.from_day or date.min) <= (other.to_day or date.max)
            and (other.from_day or date.min) <= (self.to_day or date.max)
        )


@dataclass(frozen=True, slots=True)
class Hold:
    """Something pending on a loan or person, both days included; `number` and `page` lead to its cause.

    A plan that is only proposed, a refund owed and a pause of reminders are pending, but stand in the way of nothing.
    A plan's `from_day` is its start day. A dispute without parts is about the whole loan. `data` holds what
    the account shows of it, such as a plan's dates and amounts. `person_id` is whose it is: its page is theirs alone.
    """

    kind: PendingKind
    from_day: date
    until: date | None
    number: str
    page: str
    parts: tuple[Part, ...] = ()
    data: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    person_id: int | None = None

    def is_in_force(self, day: date) -> bool:
        """Whether the hold stands on `day`."""
        return self.from_day <= day and (self.until is None or day <= self.until)


class Permission(Enum):
    """What a cell of the table asks for."""

    YES = "yes"
    NO = "no"
    OTHER_PARTS = "other parts"
    LATER_INSTALMENTS = "later instalments"
    REPRESENTATIVE = "representative"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the table: what it asks for, its words for the documentation, what the act then does."""

    permission: Permission
    words: str
    effect: Effect | None = None


YES = Cell(Permission.YES, "yes")
NO = Cell(Permission.NO, "no")
_REPRESENTATIVE = Cell(Permission.REPRESENTATIVE, "representative only")
_UNDISPUTED = Cell(Permission.YES, "for what stays payable", "covers_undisputed_only")

TABLE: Mapping[Presence, Mapping[Act, Cell]] = {
    "dispute": {
        "file_dispute": Cell(Permission.OTHER_PARTS, "other parts only"),
        "propose_plan": _UNDISPUTED,
        "promise": _UNDISPUTED,
        "accept_settlement": Cell(Permission.NO, "no: first decided or withdrawn"),
    },
    "plan": {
        "file_dispute": Cell(Permission.YES, "yes; upheld, the plan gets shorter"),
        "propose_plan": Cell(Permission.YES, "as a change of it (`replaced` when agreed)", "replaces_plan"),
        "promise": Cell(Permission.LATER_INSTALMENTS, "later instalments only"),
        "accept_settlement": Cell(Permission.YES, "yes; paying ends the plan as kept", "ends_plan_as_kept"),
    },
    "promise": {
        "file_dispute": YES,
        "propose_plan": Cell(Permission.YES, "yes; agreed, the promise is withdrawn", "withdraws_promise"),
        "promise": Cell(Permission.NO, "no second one on the loan"),
        "accept_settlement": YES,
    },
    "settlement": {
        "file_dispute": Cell(Permission.YES, "yes; it lapses", "lapses_settlement"),
        "propose_plan": NO,
        "promise": NO,
        "accept_settlement": Cell(Permission.NO, "no second one"),
    },
    "fraud": {
        "file_dispute": Cell(Permission.YES, "adds to it", "adds_to_fraud"),
        "propose_plan": NO,
        "promise": NO,
        "accept_settlement": NO,
    },
    "incapacity": {
        "file_dispute": _REPRESENTATIVE,
        "propose_plan": _REPRESENTATIVE,
        "promise": NO,
        "accept_settlement": _REPRESENTATIVE,
    },
    "closed": {
        "file_dispute": Cell(Permission.YES, "yes (a refund may be owed)"),
        "propose_plan": NO,
        "promise": NO,
        "accept_settlement": NO,
    },
    "written_off": {"file_dispute": YES, "propose_plan": YES, "promise": YES, "accept_settlement": YES},
    "sold": {
        "file_dispute": Cell(Permission.NO, "no: the new owner"),
        "propose_plan": NO,
        "promise": NO,
        "accept_settlement": NO,
    },
}

_BY_STATUS: Mapping[LoanStatus, Mapping[Act, Cell] | None] = {
    "active": None,
    "called": None,
    "closed": TABLE["closed"],
    "written_off": TABLE["written_off"],
    "sold": TABLE["sold"],
}

_PRESENCE_WORDS: Mapping[Presence, str] = {
    "dispute": "an open dispute",
    "plan": "a running plan",
    "promise": "an open promise",
    "settlement": "an accepted settlement, until its date",
    "fraud": "a fraud hold",
    "incapacity": "a hold for death or incapacity",
    "closed": "loan closed",
    "written_off": "loan written off",
    "sold": "loan sold",
}

_HEADINGS = ("there is …", "file a dispute", "propose a plan", "promise", "accept a settlement")


def may(
    act: Act, holds: Sequence[Hold], loan_status: LoanStatus, role: Role, parts: Sequence[Part] = ()
) -> Refusal | None:
    """Why `act` is refused beside the holds in force on the loan and the person, or None if it is allowed.

    `parts` are what the act is about; without them (a page that asks whether to offer the act) a rule on
    parts does not refuse. The code is `<act>.<presence>`, one of `REFUSALS`; its data are the number, page
    and last day of the hold in the way, None when the loan's status is, which is named before any hold.
    """
    row = _BY_STATUS[loan_status]
    if row and _is_refused(row[act], None, role, parts):
        return Refusal(f"{act}.{loan_status}", number=None, page=None, until=None)
    for hold, cell in _beside(act, holds):
        if _is_refused(cell, hold, role, parts):
            return Refusal(f"{act}.{hold.kind}", number=hold.number, page=hold.page, until=hold.until)
    return None


def may_offer(act: Act, holds: Sequence[Hold], pending: Sequence[Hold], loan_status: LoanStatus, role: Role) -> bool:
    """Whether a page may offer `act` beside what stands on the loan now: `holds`, and what is only `pending`.

    A guarantor may only object, and no plan is proposed beside another proposal that waits.
    """
    if role == "guarantor" and act != "file_dispute":
        return False
    if act == "propose_plan" and any(hold.kind == "proposal" for hold in pending):
        return False
    return may(act, holds, loan_status, role) is None


def effects(act: Act, holds: Iterable[Hold]) -> tuple[tuple[Effect, Hold], ...]:
    """What an allowed act does, once agreed, to each hold beside it."""
    return tuple((cell.effect, hold) for hold, cell in _beside(act, holds) if cell.effect)


def table_rows() -> list[tuple[str, ...]]:
    """The table for the documentation: the headings, then a row for each thing there may be."""
    acts: tuple[Act, ...] = get_args(Act)
    rows = [(_PRESENCE_WORDS[presence], *(TABLE[presence][act].words for act in acts)) for presence in TABLE]
    return [_HEADINGS, *rows]


def _beside(act: Act, holds: Iterable[Hold]) -> Iterator[tuple[Hold, Cell]]:
    for hold in holds:
        if hold.kind != "proposal" and hold.kind != "refund" and hold.kind != "hardship":
            yield hold, TABLE[hold.kind][act]


def _is_refused(cell: Cell, hold: Hold | None, role: Role, parts: Sequence[Part]) -> bool:
    if cell.permission is Permission.REPRESENTATIVE:
        return role != "representative"
    if hold and cell.permission is Permission.OTHER_PARTS:
        return any(not hold.parts or any(part.overlaps(held) for held in hold.parts) for part in parts)
    if hold and cell.permission is Permission.LATER_INSTALMENTS:
        return any(part.from_day is None or part.from_day <= hold.from_day for part in parts)
    return cell.permission is Permission.NO


REFUSALS = frozenset(
    f"{act}.{presence}"
    for presence, cells in TABLE.items()
    for act, cell in cells.items()
    if cell.permission is not Permission.YES
)
"""Every refusal code of the table, so that a test can prove that each has its words."""
