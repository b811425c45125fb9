"""The borrower's account, loans and penalty receipts: `/account`, `/pay`, `/loans/…`."""

import csv
import io
from datetime import date
from fractions import Fraction

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.account import forms, queries, receipt_queries, what_if_queries
from portal.account.receipt_queries import ReceiptPage
from portal.core.lines import Line
from portal.core.money import format_major, minor_digits
from portal.loans.queries import is_stale
from portal.platform import db
from portal.platform.gate import route
from portal.platform.render import render


async def account(request: Request) -> Response:
    """What the person owes today, and every loan."""
    page = await db.read(request, queries.account_page)
    return render(request, "account/account.html", page=page, stale=_stale(request, page.data_date))


async def pay(request: Request) -> Response:
    """The lender's accounts and the reference of each loan."""
    page = await db.read(request, queries.account_page)
    return render(request, "account/pay.html", page=page)


async def loan(request: Request) -> Response:
    """All of one loan."""
    page = await db.read(request, queries.loan_page, request.path_params["code"])
    if page is None:
        raise HTTPException(404)
    return render(request, "account/loan.html", page=page, stale=_stale(request, page.data_date))


async def statement(request: Request) -> Response:
    """The statement of account, to print."""
    page, name = await db.read(request, queries.loan_paper, request.path_params["code"])
    if page is None or page.figures is None or page.record.role == queries.GUARANTOR:
        raise HTTPException(404)
    return render(request, "account/statement.html", page=page, name=name)


async def penalty(request: Request) -> Response:
    """How the penalty of one instalment came about, on any day."""
    page, question = await _receipt(request)
    status = 200 if question.ok else 422
    return render(request, "account/penalty.html", status=status, page=page, form=question)


async def penalty_print(request: Request) -> Response:
    """The same, to print."""
    page, name = await db.read(request, receipt_queries.receipt_paper, *_asked(request))
    if page is None:
        raise HTTPException(404)
    return render(request, "account/penalty_print.html", page=page, name=name)


async def penalty_csv(request: Request) -> Response:
    """The same as a table that a short script can recompute."""
    page, _ = await _receipt(request)
    name = f"penalty-{page.instalment.number}-{page.as_of.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_table(page), media_type="text/csv; charset=utf-8", headers=headers)


async def what_if(request: Request) -> Response:
    """What a payment would do; nothing is stored."""
    return await _what_if(request, "account/what_if.html")


async def what_if_answer(request: Request) -> Response:
    """Only the answer, while one types."""
    return await _what_if(request, "account/_what_if.html")


async def _receipt(request: Request) -> tuple[ReceiptPage, forms.Question]:
    page, question = await db.read(request, receipt_queries.asked_receipt, *_asked(request))
    if page is None:
        raise HTTPException(404)
    return page, question


def _asked(request: Request) -> tuple[str, int, dict[str, str], str]:
    """Which receipt, seen from which day, in which zone."""
    zone = request.app.state.portal.settings.time_zone
    return request.path_params["code"], request.path_params["number"], dict(request.query_params), zone


async def _what_if(request: Request, template: str) -> Response:
    page, question = await db.read(
        request, what_if_queries.asked_what_if, request.path_params["code"], dict(request.query_params)
    )
    if page is None:
        raise HTTPException(404)
    return render(request, template, status=200 if question.ok else 422, page=page, form=question)


def _stale(request: Request, data_date: date | None) -> bool:
    portal = request.app.state.portal
    return is_stale(data_date, portal.clock.now(), portal.settings.time_zone, portal.settings.stale_hours)


COLUMNS = (
    "kind",
    "from",
    "to",
    "nights",
    "base",
    "daily_rate",
    "annual_ceiling",
    "amount",
    "exact_amount",
    "currency",
)


def _table(page: ReceiptPage) -> str:
    """One row a line, amounts in major units; `docs/explain.md` says what the columns hold."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(COLUMNS)
    for line in page.lines:
        rows.writerow(
            (
                line.kind,
                line.from_day.isoformat(),
                line.to_day.isoformat(),
                line.nights,
                None if line.base is None else format_major(line.base, page.currency),
                line.daily_rate,
                line.annual_ceiling,
                format_major(line.amount, page.currency),
                _exact(line, page.currency),
                page.currency,
            )
        )
    return written.getvalue()


def _exact(line: Line, currency: str) -> Fraction | None:
    """Base × rate × nights in major units, before rounding."""
    return line.nights * line.night / 10 ** minor_digits(currency) if line.kind == "nights" and line.nights else None


LOAN = "/loans/{code}"
RECEIPT = LOAN + "/instalments/{number:int}/penalty"

routes: list[Route] = [
    route("/account", account, name="account:account", may="see_account"),
    route("/pay", pay, name="account:pay", may="see_account"),
    route(LOAN, loan, name="account:loan", may="see_account"),
    route(LOAN + "/statement", statement, name="account:statement", may="see_account"),
    route(LOAN + "/what-if", what_if, name="account:what_if", may="see_account"),
    route(LOAN + "/what-if/answer", what_if_answer, name="account:what_if_answer", may="see_account"),
    route(RECEIPT, penalty, name="account:penalty", may="see_account"),
    route(RECEIPT + ".csv", penalty_csv, name="account:penalty_csv", may="see_account"),
    route(RECEIPT + "/print", penalty_print, name="account:penalty_print", may="see_account"),
]
