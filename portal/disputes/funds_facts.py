"""What the funds rule said of a dispute, as pages show it and as a decision keeps it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import NamedTuple

from portal.core.facts import DebitAttempt, Payment
from portal.core.funds_rule import Fact, FundsCheck, Reading, Result
from portal.core.statement import Note, StatementRow

MINUTES = 24 * 60


class ReadFile(NamedTuple):
    """A file that was sent, and why no statement was found in it, empty where one was."""

    code: str
    name: str
    notes: tuple[Note, ...]


class Day(NamedTuple):
    """The due date as a line: (minute of the day, balance), the first at 0.

    `timed` is False where the statement shows no times: then the order is right and the hours are not.
    """

    steps: tuple[tuple[int, int], ...]
    timed: bool


@dataclass(frozen=True, slots=True)
class Funds:
    """What the program found: the rule judged on every statement of the case and the lender's own debits.

    `waiting` are files that are still being read, `waiting_pictures` those of them whose pictures are, `files` those
    that were read, `came_back` payments of the days from the due date on that were taken and returned. It advises; a
    person decides.
    """

    check: FundsCheck
    files: tuple[ReadFile, ...]
    waiting: int
    has_statement: bool
    day: Day | None
    times: Mapping[tuple[str, int], time] = field(default_factory=dict)
    waiting_pictures: int = 0
    came_back: tuple[Payment, ...] = ()

    @property
    def state(self) -> str:
        """`nothing_sent`, `being_read`, or the answer of the rule."""
        if self.waiting:
            return "being_read"
        return self.check.result if self.files else "nothing_sent"

    @property
    def listed(self) -> str:
        """What a list says of it."""
        return "cannot_tell" if self.state == "nothing_sent" else self.state

    @property
    def told(self) -> str:
        """What the parties are told: `met` at once, while only pictures are still being read; else what lists say.

        A picture takes minutes and may change a no into a yes. Nothing but a person decides before it is read.
        """
        only_pictures = 0 < self.waiting == self.waiting_pictures
        return "met" if only_pictures and self.check.result == "met" else self.listed

    @property
    def missing(self) -> tuple[Fact, ...]:
        """What is missing for an answer; of files without any statement that one thing."""
        if self.check.result != "cannot_tell":
            return ()
        if not self.files:
            return (Fact("nothing_sent"),)
        return self.check.missing if self.has_statement else (Fact(self._without_statement),)

    @property
    def _without_statement(self) -> str:
        asked = any(note.code == "columns_unknown" for file in self.files for note in file.notes)
        return "columns_unknown" if asked else "no_statement"

    @property
    def only_ours_is_missing(self) -> bool:
        """Whether the person need do nothing: what is missing is our own record."""
        return {fact.code for fact in self.missing} == {"attempts_missing"}

    def cited_in(self, file: str) -> frozenset[int]:
        """The lines of a file that the answer rests on."""
        return frozenset(row.line for row in self.check.rows if row.file == file)


def day_of(check: FundsCheck, times: Mapping[tuple[str, int], time]) -> Day | None:
    """The due date as a line, None where its balances are not known."""
    if check.opening is None:
        return None
    rows = [row for row in check.rows if row.day == check.question.due and row.balance is not None]
    known = [times.get((row.file, row.line)) for row in rows]
    moments = [at for at in known if at is not None]
    timed = len(moments) == len(rows) and moments == sorted(moments)
    steps = [(0, check.opening)]
    for place, row in enumerate(rows, 1):
        minute = _minute(moments[place - 1]) if timed else MINUTES * place // (len(rows) + 1)
        steps.append((minute, row.balance or 0))
    return Day(tuple(steps), timed)


def times_of(rows: Iterable[tuple[str, StatementRow]]) -> dict[tuple[str, int], time]:
    """At what time of its day each row was booked, where its file says so."""
    return {(file, row.line): row.at for file, row in rows if row.at is not None}


def attempts_on_chart(attempts: Sequence[DebitAttempt]) -> list[tuple[int, datetime, bool]]:
    """The lender's own entries by the minute of the day, their instants in the lender's zone, and whether a debit
    was started at all."""
    return [
        (_minute(attempt.attempted_at.time()), attempt.attempted_at, attempt.result != "not_presented")
        for attempt in attempts
    ]


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


# What a decision keeps of it


class Judged(NamedTuple):
    """What the rule had said when a decision was taken, in minor units."""

    result: Result
    reading: Reading
    due: date
    amount: int
    balance: int | None


def judged_text(funds: Funds | None) -> str:
    """What a decision was judged by, as text; empty where there was no rule to check."""
    if funds is None:
        return ""
    check = funds.check
    told = {
        "result": check.result,
        "funds": check.funds,
        "debited": check.debited,
        "reading": check.question.reading,
        "due": check.question.due.isoformat(),
        "amount": check.question.amount,
        "currency": check.currency,
        "account": check.account.match,
        "readings": {name: [each.result, each.balance] for name, each in check.readings.items()},
        "rows": [[row.file, row.line, row.day.isoformat(), row.amount, row.balance] for row in check.rows],
        "attempts": [attempt.reference for attempt in check.attempts],
        "missing": [fact.code for fact in check.missing],
        "signals": [fact.code for fact in check.signals],
        "files": [file.code for file in funds.files],
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True)


def read_judged(text: str) -> Judged | None:
    """What `judged_text` wrote, as far as the person is told of it."""
    if not text:
        return None
    told = json.loads(text)
    balance = told["readings"][told["reading"]][1]
    return Judged(told["result"], told["reading"], date.fromisoformat(told["due"]), told["amount"], balance)
