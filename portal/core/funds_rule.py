"""The funds rule: did the debit account hold the instalment on its due date, and did the lender not debit it?

It reads statements and the lender's debit attempts, answers in all four readings, and says `cannot_tell` with
what is missing rather than guess (domain.md 7). It advises; a person decides.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeAlias

from portal.core.account_match import AccountMatch, accounts_of, last_digits, match_of
from portal.core.day_balances import DayBalances
from portal.core.facts import DebitAttempt
from portal.core.joined_statements import Joined, differing_day, groups, notes_of, span
from portal.core.statement import Note, NoteData, Statement

Reading: TypeAlias = Literal["opening", "closing", "all_day", "any_moment"]
Result: TypeAlias = Literal["met", "not_met", "cannot_tell"]
Debited: TypeAlias = Literal["yes", "no", "unknown"]

READINGS: tuple[Reading, ...] = ("opening", "closing", "all_day", "any_moment")

MISSING = (
    "mixed",
    "account_unmatched",
    "not_covered",
    "no_balance",
    "dates_ambiguous",
    "image_unclear",
    "rows_unreadable",
    "rows_covered",
    "chain_broken",
    "order_unknown",
    "attempts_missing",
)
"""What can be missing for an answer, in the order in which it is told."""

_UNREAD = frozenset(("rows_unreadable", "image_unclear", "dates_ambiguous"))
"""What reading could not make out."""

_LEFT_OUT = frozenset(("other_account", "movements_only"))
"""What is said of a file that takes no part in the answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: was `amount` there on `due`? `account` are the debited account's last digits.

    Empty strings ask for nothing: any account, any holder, the statement's own currency.
    """

    due: date
    amount: int
    currency: str = ""
    account: str = ""
    holder: str = ""
    reading: Reading = "closing"


@dataclass(frozen=True, slots=True)
class DebitRecord:
    """The lender's half of the evidence: the loan's debit attempts, their instants in the lender's zone.

    `data_date` is the day up to which the loan system has reported.
    """

    attempts: tuple[DebitAttempt, ...]
    data_date: date | None
    instalment: int | None = None

    def on(self, day: date) -> tuple[DebitAttempt, ...]:
        """The attempts of that day for this instalment."""
        return tuple(
            attempt
            for attempt in self.attempts
            if attempt.attempted_at.date() == day and self.instalment in (None, attempt.instalment)
        )

    def debited(self, day: date) -> Debited:
        """Did the lender debit it that day? No rows count only once reported, and where it ever tried."""
        if any(attempt.result == "collected" for attempt in self.on(day)):
            return "yes"
        reported = self.data_date is not None and self.data_date > day
        return "no" if reported and self.attempts else "unknown"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something missing, or a signal for the handler: a code and what fills its words."""

    code: str
    data: NoteData = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadingResult:
    """The answer under one reading, and the balance that it looks at (None where it is not known)."""

    result: Result
    balance: int | None


@dataclass(frozen=True, slots=True)
class Coverage:
    """The days that the statement speaks of, and whether it reaches the due date on both sides."""

    from_day: date | None
    to_day: date | None
    covers_due: bool


@dataclass(frozen=True, slots=True)
class CitedRow:
    """A statement row that an answer rests on."""

    file: str
    line: int
    day: date
    amount: int
    balance: int | None


@dataclass(frozen=True, slots=True)
class FundsCheck:
    """The answer. `funds` judges the account alone, `result` the whole rule where attempts were given."""

    question: Question
    result: Result
    funds: Result
    readings: Mapping[Reading, ReadingResult]
    currency: str
    account: AccountMatch
    coverage: Coverage
    missing: tuple[Fact, ...]
    rows: tuple[CitedRow, ...]
    signals: tuple[Fact, ...]
    debited: Debited | None
    attempts: tuple[DebitAttempt, ...]

    @property
    def opening(self) -> int | None:
        """The balance when the due date began."""
        return self.readings["opening"].balance

    @property
    def closing(self) -> int | None:
        """The balance when the due date ended."""
        return self.readings["closing"].balance

    @property
    def lowest(self) -> int | None:
        """The lowest balance of the due date."""
        return self.readings["all_day"].balance

    @property
    def highest(self) -> int | None:
        """The highest balance of the due date."""
        return self.readings["any_moment"].balance


def check(statements: Sequence[Statement], question: Question, debits: DebitRecord | None = None) -> FundsCheck:
    """Judge the statements; with `debits` the whole rule, without them the account side alone.

    Where all files together leave it open, those that answer by themselves do, if they agree and no other file says
    otherwise: a person who adds the page that was missing must not be held up by an earlier, worse one.
    """
    together = _judge(statements, question, debits)
    if together.funds != "cannot_tell" or not (question.account or question.holder):
        return together
    alone = [(part, _judge(part, question, debits)) for part in _parts(statements, question)]
    answers = [(part, found) for part, found in alone if found.funds != "cannot_tell"]
    if not answers or any(found.readings != answers[0][1].readings for _, found in answers):
        return together
    part, answer = answers[0]
    if _is_contradicted(part, _of_account(statements, question), question.due):
        return together
    told = [signal for signal in together.signals if signal not in answer.signals]
    aside = _set_aside([each for each in statements if each not in part], told)
    return replace(answer, signals=(*answer.signals, *told, *aside))


def _parts(statements: Sequence[Statement], question: Question) -> list[list[Statement]]:
    """What may answer by itself: all files that name the debited account and no other, then each file alone."""
    files: dict[str, list[Statement]] = {}
    for each in statements:
        files.setdefault(each.file, []).append(each)
    named = [
        part
        for part in files.values()
        if all(match_of(each, question.account, question.holder) == "yes" for each in part)
    ]
    return [[each for part in named for each in part], *files.values()]


def _is_contradicted(part: Sequence[Statement], others: Sequence[Statement], due: date) -> bool:
    """Does a file of the account state another balance at the end of a day, or a booking on the due date more?"""
    if differing_day([each for each in others if span(each)]) is not None:
        return True
    known = Counter(row.amount for each in part for row in each.rows if row.day == due)
    return any(
        Counter(row.amount for row in each.rows if row.day == due and not row.covered) - known
        for each in others
        if _has_balances(each)
    )


def _set_aside(unused: Sequence[Statement], told: Sequence[Fact]) -> list[Fact]:
    """The files that an answer does without, but for those of which this is said already."""
    known = {fact.data.get("file") for fact in told if fact.code in _LEFT_OUT}
    return [
        Fact("set_aside", {"file": file}) for file in dict.fromkeys(each.file for each in unused) if file not in known
    ]


def _judge(statements: Sequence[Statement], question: Question, debits: DebitRecord | None) -> FundsCheck:
    used, missing, signals = _choose(statements, question)
    joined = groups(used)
    here = next((group for group in joined if group.from_day <= question.due <= group.to_day), None)
    account = _account(used, here, question)
    covers = here is not None and _reaches_both_sides(here, question.due)
    day: DayBalances | None = None
    if not missing:  # of several accounts mixed nothing more can be said
        if account.match != "yes" and (question.account or question.holder):
            missing.append(_unmatched(statements, question))
        if here is not None and covers:
            day = _day(here, question, missing)
        else:
            missing += _nothing_here(used, question.due)
    readings = _readings(day, blocked=bool(missing))
    if day is not None and not missing and readings[question.reading].result == "cannot_tell":
        why = day.why(question.reading)
        missing.append(Fact(why.code, why.data))
    funds: Result = "cannot_tell" if missing else readings[question.reading].result
    result, debited, attempts = _whole_rule(funds, question, debits, missing)
    if day is not None and not _says_nothing(missing):
        signals += _refusals_though_enough(day, attempts)
    if "mixed" not in {fact.code for fact in missing}:
        signals += _other_signals(used, joined, missing, question.due)
    return FundsCheck(
        question=question,
        result=result,
        funds=funds,
        readings=readings,
        currency=question.currency or next((each.currency for each in used if each.currency), ""),
        account=account,
        coverage=_coverage(here, joined, covers=covers),
        missing=tuple(sorted(missing, key=lambda fact: MISSING.index(fact.code))),
        rows=_cited(day),
        signals=tuple(signals),
        debited=debited,
        attempts=attempts,
    )


# --- Which statements count -----------------------------------------------------------------------------------


def _choose(statements: Sequence[Statement], question: Question) -> tuple[list[Statement], list[Fact], list[Fact]]:
    """The statements of the account in question, what stands in the way, and what a handler should see."""
    missing: list[Fact] = []
    signals: list[Fact] = []
    mixed = _mixed_file(statements)
    used = list(statements)
    if question.account or question.holder:
        fitting = _of_account(used, question)
        signals += [_other(each, question) for each in used if fitting and each not in fitting]
        used = fitting or used
    with_balances = [each for each in used if _has_balances(each)]
    if with_balances and len(with_balances) < len(used):
        signals += [Fact("movements_only", {"file": each.file}) for each in used if each not in with_balances]
        used = with_balances
    currencies = {each.currency for each in used if each.currency} | ({question.currency} - {""})
    if mixed is None and len(accounts_of(used)) > 1:
        mixed = Fact("mixed", {"what": "accounts"})
    if mixed is None and len(currencies) > 1:
        mixed = Fact("mixed", {"what": "currencies"})
    if mixed is not None:
        missing.append(mixed)
    return used, missing, signals


def _of_account(statements: Sequence[Statement], question: Question) -> list[Statement]:
    """Those that do not show another account or holder than the debited one."""
    return [each for each in statements if match_of(each, question.account, question.holder) != "no"]


def _other(statement: Statement, question: Question) -> Fact:
    """Why a file is left out: its account, or only its holder's name, is another."""
    if match_of(statement, question.account, "") == "no":
        return Fact("other_account", {"file": statement.file, "tail": last_digits(statement.account)})
    return Fact("other_account", {"file": statement.file, "holder": statement.holder})


def _unmatched(statements: Sequence[Statement], question: Question) -> Fact:
    """What is missing of the account: its number, or where that fits, its holder's name."""
    by_number = [each for each in statements if question.account and match_of(each, question.account, "") == "yes"]
    if by_number and all(match_of(each, question.account, question.holder) == "no" for each in by_number):
        return Fact("account_unmatched", {"tail": question.account, "holder": by_number[0].holder})
    return Fact("account_unmatched", {"tail": question.account})


def _mixed_file(statements: Sequence[Statement]) -> Fact | None:
    """Several accounts or currencies in one file: what belongs to which would be a guess."""
    for each in statements:
        if any(note.code == "mixed" for note in each.notes):
            return Fact("mixed", next(note.data for note in each.notes if note.code == "mixed"))
        beside = [other for other in statements if other.file == each.file]
        if len(accounts_of(beside)) > 1:
            return Fact("mixed", {"file": each.file, "what": "accounts"})
        if len({other.currency for other in beside if other.currency}) > 1:
            return Fact("mixed", {"file": each.file, "what": "currencies"})
    return None


def _has_balances(statement: Statement) -> bool:
    stated = (statement.opening, statement.closing, *(row.balance for row in statement.rows))
    return any(balance is not None for balance in stated)


def _account(used: Sequence[Statement], here: Joined | None, question: Question) -> AccountMatch:
    concerned = here.statements if here is not None else used
    said = [match_of(each, question.account, question.holder) for each in concerned]
    match: Literal["yes", "no", "unknown"] = "unknown"
    if "no" in said:
        match = "no"
    elif "yes" in said and ("unknown" not in said or (here is not None and _links_throughout(here))):
        match = "yes"
    shown = next((digits for each in concerned if (digits := last_digits(each.account))), None)
    return AccountMatch(match, shown, next((each.holder for each in concerned if each.holder), None))


def _links_throughout(group: Joined) -> bool:
    """Does the chain tie files that name no account to one that does?"""
    return all(link.holds and not link.is_veiled for link in group.chain.links())


# --- The due date ---------------------------------------------------------------------------------------------


def _reaches_both_sides(group: Joined, due: date) -> bool:
    """A row on the day before or earlier, or a stated opening; a row after, or a closing of a day not before."""
    days = [placed.row.day for placed in group.rows]
    front = any(day < due for day in days) or group.opening is not None
    closed = group.closing is not None and any(each.to_day and each.to_day >= due for each in group.statements)
    return front and (any(day > due for day in days) or closed)


def _day(group: Joined, question: Question, missing: list[Fact]) -> DayBalances:
    day = DayBalances(group, question.due, question.amount)
    missing += [Fact(note.code, note.data) for note in _touching(group, question.due)]
    missing += [Fact(note.code, note.data) for note in day.obstacles()]
    return day


def _nothing_here(used: Sequence[Statement], due: date) -> list[Fact]:
    """No statement reaches the due date: because of what could not be read, or because there is none."""
    unread = [note for each in used if span(each) is None for note in each.notes if note.code in _UNREAD]
    return [Fact(note.code, note.data) for note in unread[:1]] or [Fact("not_covered", {"date": due.isoformat()})]


def _touching(group: Joined, due: date) -> list[Note]:
    """What reading could not make out, where it may hide something that the due date needs."""
    found: dict[str, Note] = {}
    for _, note in notes_of(group.statements):
        if note.code in _UNREAD and touches(note, due):
            found.setdefault(note.code, note)
    return list(found.values())


def touches(note: Note, due: date) -> bool:
    """May what this note speaks of lie on the due date? Open ends may lie anywhere."""
    first, last = str(note.data.get("from", "")), str(note.data.get("to", ""))
    return not (first and date.fromisoformat(first) > due) and not (last and date.fromisoformat(last) < due)


def _readings(day: DayBalances | None, *, blocked: bool) -> dict[Reading, ReadingResult]:
    if day is None or not day.is_known:
        return dict.fromkeys(READINGS, ReadingResult("cannot_tell", None))
    answers: dict[bool | None, Result] = {True: "met", False: "not_met", None: "cannot_tell"}
    return {
        reading: ReadingResult("cannot_tell" if blocked else answers[day.was_there(reading)], day.balance(reading))
        for reading in READINGS
    }


def _says_nothing(missing: Sequence[Fact]) -> bool:
    return any(fact.code != "attempts_missing" for fact in missing)


def _coverage(here: Joined | None, joined: Sequence[Joined], *, covers: bool) -> Coverage:
    if here is not None:
        return Coverage(here.from_day, here.to_day, covers)
    if not joined:
        return Coverage(None, None, False)
    return Coverage(joined[0].from_day, joined[-1].to_day, False)


def _cited(day: DayBalances | None) -> tuple[CitedRow, ...]:
    if day is None:
        return ()
    return tuple(
        CitedRow(placed.file, placed.row.line, placed.row.day, placed.row.amount, balance)
        for placed, balance in day.cited
    )


# --- The lender's half ----------------------------------------------------------------------------------------


def _whole_rule(
    funds: Result, question: Question, debits: DebitRecord | None, missing: list[Fact]
) -> tuple[Result, Debited | None, tuple[DebitAttempt, ...]]:
    """Met only if the money was there and was not taken; either half alone can say no."""
    if debits is None:
        return funds, None, ()
    debited, attempts = debits.debited(question.due), debits.on(question.due)
    if debited == "yes" or funds == "not_met":
        return "not_met", debited, attempts
    if debited == "unknown":
        missing.append(Fact("attempts_missing", {"date": question.due.isoformat()}))
        return "cannot_tell", debited, attempts
    return funds, debited, attempts


def _refusals_though_enough(day: DayBalances, attempts: Sequence[DebitAttempt]) -> list[Fact]:
    """Attempts that came back for want of money at a moment when the statement shows enough."""
    found = []
    for attempt in attempts:
        balance = day.balance_at(attempt.attempted_at.time())
        if attempt.result == "insufficient_funds" and balance is not None and balance >= attempt.amount:
            found.append(Fact("refused_though_enough", {"reference": attempt.reference, "balance": balance}))
    return found


# --- What a handler should look at ----------------------------------------------------------------------------


def _other_signals(
    used: Sequence[Statement], joined: Sequence[Joined], missing: Sequence[Fact], due: date
) -> list[Fact]:
    """Consistency signals: never grounds for a refusal by themselves."""
    told = {fact.code for fact in missing}
    signals = [fact for group in joined for fact in _first_break(group)]
    signals += [
        Fact("unproven", {"file": group.statements[0].file})
        for group in joined
        if group.rows and group.chain.has_balances and not group.chain.proves_itself
    ]
    differing = differing_day([each for each in used if span(each)])
    if differing is not None:
        day, file, other = differing
        signals.append(Fact("files_differ", {"date": day.isoformat(), "file": file, "other": other}))
    for file, note in notes_of(used):
        if note.code in {"mixed", "no_balance"} or (note.code in told and touches(note, due)):
            continue
        signals.append(Fact(note.code, {"file": file, **note.data}))
    return signals


def _first_break(group: Joined) -> list[Fact]:
    for link in group.chain.links():
        if not link.holds:
            first = group.rows[max(link.start - 1, 0)] if group.rows else None
            last = group.rows[min(link.end, len(group.rows)) - 1] if group.rows else None
            if first is None or last is None:
                return [Fact("chain_broken", {"by": link.off_by})]
            return [
                Fact(
                    "chain_broken",
                    {
                        "file": last.file,
                        "row": last.row.line,
                        "from": first.row.day.isoformat(),
                        "to": last.row.day.isoformat(),
                        "by": link.off_by,
                    },
                )
            ]
    return []
