"""A dispute that was not sent yet, as its person works on it: the entries, the penalty now, the files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from portal.core.facts import DebitAttempt
from portal.disputes.drafting_facts import Content, read_content
from portal.disputes.drafting_forms import read_facts
from portal.disputes.facts import Changes
from portal.disputes.filing_queries import NewPage, new_page_of, told_of_settlement
from portal.disputes.funds_facts import Funds
from portal.disputes.funds_queries import FUNDS_REASON, funds_of_draft
from portal.disputes.particulars import Particulars
from portal.disputes.queries import number_of_draft
from portal.drafts import queries as drafts
from portal.drafts.queries import DraftRecord
from portal.evidence.queries import FileRecord
from portal.evidence.upload_queries import Draft, draft_files
from portal.loans import queries as loans
from portal.loans.queries import LoanRecord
from portal.platform.gate import Viewer

STEPS = ("nights", "reason", "details", "files", "check")
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DraftPage:
    """A draft on the day that it is looked at.

    `page` is absent where nothing can be disputed any more: the loan was sold, or the penalty is gone. `other` is the
    draft from which this one parted because another device changed it.
    """

    draft: DraftRecord
    content: Content
    loan: LoanRecord
    page: NewPage | None
    uploads: Draft
    other: DraftRecord | None
    today: date

    @property
    def currency(self) -> str:
        return self.loan.currency

    @property
    def changes(self) -> Changes | None:
        """What differs from the figures that were seen when the nights were ticked; None where nothing does."""
        if self.page is None or self.page.fingerprint == self.draft.seen:
            return None
        return self.page.changes_since(self.draft.told)

    @property
    def missing(self) -> str | None:
        """The first step that still needs an answer."""
        return missing_in(self.content, self.page, self.currency, self.today)

    @property
    def particulars(self) -> Particulars | None:
        """The facts of its reason, once they are right."""
        if not self.content.reason:
            return None
        read = read_facts(self.content.reason, self.content.typed, self.currency, self.today)
        return read.particulars(self.currency) if read.ok else None

    @property
    def files(self) -> tuple[FileRecord, ...]:
        """The files that wait with it."""
        return self.uploads.files

    @property
    def files_seen(self) -> str:
        """Which files there are, so that none is sent unseen."""
        return files_seen(self.files)

    @property
    def statement_days(self) -> tuple[date, date] | None:
        """From which day to which a statement has to reach: a day before the due date and a day after."""
        due_on = self.page.instalment.due_on if self.page else None
        return (due_on - ONE_DAY, due_on + ONE_DAY) if due_on else None

    @property
    def account_tail(self) -> str:
        """The last digits of the account that the lender debits; nothing of it for a guarantor."""
        return "" if self.page is None or self.page.is_guarantee else self.loan.debit_last4 or ""

    @property
    def attempts(self) -> tuple[DebitAttempt, ...]:
        """The lender's own tries; nothing of the borrower's account for a guarantor."""
        return () if self.page is None or self.page.is_guarantee else self.page.attempts


def missing_in(content: Content, page: NewPage | None, currency: str, today: date) -> str | None:
    """The first step of a draft that still needs an answer."""
    if page is None or not page.has_ticks:
        return "nights"
    if not content.reason:
        return "reason"
    facts_ok = read_facts(content.reason, content.typed, currency, today).ok
    words_ok = content.reason != "other" or bool(content.words.strip())
    return None if facts_ok and words_ok else "details"


def files_seen(files: Sequence[FileRecord]) -> str:
    """The codes of files, as a form carries them."""
    return " ".join(file.code for file in files)


def draft_page(connection: Connection, viewer: Viewer, code: str) -> DraftPage | str | None:
    """A draft of the viewer's; of one that was sent the number that it got; None of anything else."""
    draft = drafts.own_draft(connection, viewer, code)
    if draft is None:
        return number_of_draft(connection, viewer, code)
    loan = loans.loan_by_code(connection, viewer, draft.loan_code)
    if loan is None:
        return None
    content = read_content(draft.content)
    return DraftPage(
        draft=draft,
        content=content,
        loan=loan,
        page=told_of_settlement(connection, viewer, page_of(loan, draft, content, viewer.today)),
        uploads=draft_files(connection, viewer, code),
        other=drafts.own_draft(connection, viewer, draft.beside) if draft.beside else None,
        today=viewer.today,
    )


def funds_hint(connection: Connection, viewer: Viewer, draft: DraftPage) -> Funds | None:
    """What the program reads in the files of a draft about the funds rule; None where there is nothing to say of it.

    A guarantor is told nothing of the borrower's account. What is marked to be covered is covered on sending, and
    only then is it known what the rest shows.
    """
    of_funds = draft.content.reason == FUNDS_REASON and draft.page is not None and not draft.page.is_guarantee
    if not (of_funds and draft.files) or draft.uploads.covered:
        return None
    return funds_of_draft(connection, viewer, draft.draft.code, draft.draft.instalment, draft.loan)


def page_of(loan: LoanRecord, draft: DraftRecord, content: Content, today: date) -> NewPage | None:
    """What the nights of a draft come to now."""
    return None if loan.status == "sold" else new_page_of(loan, draft.instalment, today, content.ticks)


@dataclass(frozen=True, slots=True)
class Unsent:
    """A draft in the person's list."""

    draft: DraftRecord
    loan_name: str
    reason: str
    contract_type: str
    sold: bool


def unsent(connection: Connection, viewer: Viewer, records: Sequence[LoanRecord]) -> tuple[Unsent, ...]:
    """What the person began about their loans and has not sent, the latest first."""
    of = {loan.id: loan for loan in records}
    return tuple(
        Unsent(draft, loan.name, read_content(draft.content).reason, loan.contract_type, loan.status == "sold")
        for draft in drafts.own_drafts(connection, viewer)
        if (loan := of.get(draft.loan_id))
    )


def begun(connection: Connection, viewer: Viewer, page: NewPage) -> DraftRecord | None:
    """What the viewer has begun about this very instalment already."""
    return next(
        (
            draft
            for draft in drafts.own_drafts(connection, viewer)
            if (draft.loan_id, draft.instalment) == (page.loan.id, page.instalment.number)
        ),
        None,
    )
