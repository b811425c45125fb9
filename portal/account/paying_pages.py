"""The borrower's pages of paying: how to pay, "I have paid", links for someone who pays, and what such a link opens."""

from typing import Any

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal.account import (
    notice_actions,
    notice_queries,
    paying_forms,
    paying_queries,
    sharing_actions,
    sharing_queries,
)
from portal.account.notice_actions import Said
from portal.account.paying_forms import BODY_LIMIT, ConsentForm, PaidForm, RevokeForm, ShareForm, TakeBackForm
from portal.account.paying_queries import PayPage
from portal.core.money import format_major
from portal.core.refusal import Refusal
from portal.evidence.upload_queries import draft_files
from portal.evidence.uploads import draft_here, keep_uploads, wait_in_draft
from portal.platform import db
from portal.platform.gate import route
from portal.platform.i18n import gettext as _
from portal.platform.i18n import ngettext
from portal.platform.numbers import new_code
from portal.platform.render import here, render, see_other
from portal.platform.sealing import SealBroken, unseal
from portal.platform.typed import read_amount
from portal.platform.visit import visit_of


async def pay(request: Request) -> Response:
    """Every loan with what can be paid on it, the lender's accounts, and what is said to be paid."""
    page = await db.read(request, paying_queries.pay_list)
    return render(request, "account/pay.html", page=page)


async def pay_loan(request: Request) -> Response:
    """How to pay an amount on one loan: reference, accounts, QR code."""
    page = await _pay_page(request)
    typed, errors = request.query_params.get("amount", ""), {}
    amount = page.choices[0].amount if page.choices else None
    if typed:
        try:
            amount = read_amount(typed, page.record.currency)
        except ValueError as mistake:
            errors["amount"] = str(mistake)
    into = paying_queries.paid_into(_accounts(request), page.record.ref, amount, page.record.currency)
    question = {"typed": typed, "errors": errors}
    status = 422 if errors else 200
    return render(request, "account/pay_loan.html", status=status, page=page, into=into, amount=amount, **question)


# I have paid


async def paid(request: Request) -> Response:
    """The form for saying that one has paid; sent, it gives a number."""
    page = await _pay_page(request)
    today, amount = page.today, request.query_params.get("amount", "")
    day = {"paid_on_day": today.day, "paid_on_month": today.month, "paid_on_year": today.year} if amount else {}
    form = await PaidForm.reopen(request, draft=await draft_here(request), amount=amount, **day)
    return await _paid_form(request, page, form)


async def say_paid(request: Request) -> Response:
    """Say that one has paid."""
    form = await PaidForm.read(request)
    page = await _pay_page(request)
    amount = form.check(page.record.currency, page.today)
    kept, refused = await keep_uploads(request, form.files.get("files", []))
    if form.ok and not refused:
        value = form.value
        with_files = value.consent and (kept or value.has_draft)
        consent = consent_words(request, page) if with_files else ""
        draft = form.draft if consent else ""
        said = Said(amount, value.paid_on, value.channel, value.words, consent, draft, tuple(kept))
        try:
            number = await db.write(request, notice_actions.say_paid, page.record.code, said)
            return see_other(request, "account:notice", number=number)
        except Refusal as refusal:
            form.refuse(refusal)
    await wait_in_draft(request, form, kept, refused, here(request))
    return await _paid_form(request, page, form, 422)


async def notice(request: Request) -> Response:
    """Where what one said to have paid stands."""
    return await _notice(request, TakeBackForm.blank(), 200)


async def take_back(request: Request) -> Response:
    """Take back what one said; the slips go with it."""
    form = await TakeBackForm.read(request)
    try:
        keys = await db.write(request, notice_actions.take_back, request.path_params["number"])
    except LookupError:
        raise HTTPException(404) from None
    except Refusal as refusal:
        form.refuse(refusal)
        return await _notice(request, form, 409)
    await to_thread.run_sync(request.app.state.portal.files.discard, keys)
    return see_other(request, "account:notice", number=request.path_params["number"])


async def withdraw_consent(request: Request) -> Response:
    """Take back the consent: one's slips are deleted, and the payment is still looked for."""
    await ConsentForm.read(request)
    number = request.path_params["number"]
    try:
        keys = await db.write(request, notice_actions.withdraw_consent, number)
    except LookupError:
        raise HTTPException(404) from None
    await to_thread.run_sync(request.app.state.portal.files.discard, keys)
    return see_other(request, "account:notice", number=number)


async def _paid_form(request: Request, page: PayPage, form: PaidForm, status: int = 200) -> Response:
    files = await db.read(request, draft_files, form.draft or new_code())
    return render(
        request,
        "account/paid.html",
        status=status,
        page=page,
        form=form,
        files=files,
        channels=paying_forms.CHANNELS,
        consent=consent_words(request, page),
    )


async def _notice(request: Request, form: TakeBackForm, status: int) -> Response:
    page = await db.read(request, notice_queries.notice_page, request.path_params["number"])
    if page is None:
        raise HTTPException(404)
    return render(request, "account/notice.html", status=status, page=page, form=form)


def consent_words(request: Request, page: PayPage) -> str:
    """The one consent: for what, by whom, until when (PIPL 28, 29). It is stored as it was shown."""
    lender = request.app.state.portal.settings.lender.in_language(visit_of(request).language)
    days = page.record.rules.evidence_keep_days
    return _(
        "I agree that %(lender)s reads these files to find this payment, and for nothing else. They are deleted"
        " %(keep)s. I can take this back at any time; the files are then deleted at once.",
        lender=lender.legal_name,
        keep=ngettext("%(count)s day after the answer", "%(count)s days after the answer", days, count=days),
    )


# Links for someone who pays


async def share(request: Request) -> Response:
    """The form for a link, and those that work."""
    return await _share(request, await ShareForm.reopen(request, amount=request.query_params.get("amount", "")), 200)


async def make_link(request: Request) -> Response:
    """Make a link."""
    form = await ShareForm.read(request)
    page = await _pay_page(request)
    amount = form.check(page.record.currency)
    if form.ok:
        try:
            code = await db.write(request, sharing_actions.make_link, page.record.code, amount)
            return see_other(request, "account:link", code=code)
        except Refusal as refusal:
            form.refuse(refusal)
    return await _share(request, form, 422)


async def link(request: Request) -> Response:
    """One link of the person's, to copy or take back."""
    found = await db.read(request, sharing_queries.own_link, request.path_params["code"])
    if found is None:
        raise HTTPException(404)
    settings, now = request.app.state.portal.settings, visit_of(request).now
    address = ""
    if found.works(now):
        try:
            ref = unseal(settings.secret_keys, sharing_actions.PURPOSE, found.sealed_ref)
            address = settings.base_url + request.app.state.portal.pages.path_for("account:shared", ref=ref)
        except SealBroken:
            address = ""
    return render(request, "account/link.html", link=found, address=address)


async def revoke(request: Request) -> Response:
    """Take a link back."""
    await RevokeForm.read(request)
    code = request.path_params["code"]
    try:
        await db.write(request, sharing_actions.take_back, code)
    except LookupError:
        raise HTTPException(404) from None
    return see_other(request, "account:link", code=code)


async def shared(request: Request) -> Response:
    """What somebody sees who pays for a person: a reference and an amount. It looks, and changes nothing (SL-01).

    For every link that is over, taken back or made up the same page (SL-03).
    """
    found = await db.read(request, sharing_queries.shared, request.path_params["ref"])
    if found is None:
        return render(request, "account/shared_over.html", status=404)
    into = paying_queries.paid_into(_accounts(request), found.reference, found.amount, found.currency)
    return render(request, "account/shared.html", shared=found, into=into)


async def _share(request: Request, form: ShareForm, status: int) -> Response:
    page = await _pay_page(request)
    if not page.may_share:
        raise HTTPException(404)
    links = await db.read(request, sharing_queries.own_links)
    return render(request, "account/share.html", status=status, page=page, form=form, links=links)


async def _pay_page(request: Request) -> PayPage:
    page = await db.read(request, paying_queries.pay_page, request.path_params["code"])
    if page is None:
        raise HTTPException(404)
    return page


def _accounts(request: Request) -> Any:
    return request.app.state.portal.settings.lender.in_language(visit_of(request).language).accounts


functions: dict[str, Any] = {
    "notice_states": paying_forms.STATES,
    "notice_state_kinds": paying_forms.STATE_KINDS,
    "paid_channels": paying_forms.CHANNELS,
}
filters: dict[str, Any] = {"plain_amount": format_major}

LOAN = "/pay/{code}"
NOTICE = "/payment-notices/{number}"
LINK = "/pay/links/{code}"

routes: list[Route] = [
    route("/pay", pay, name="account:pay", may="see_account"),
    route(LINK, link, name="account:link", may="see_account"),
    route(LINK + "/revoke", revoke, name="account:revoke_link", may="see_account", methods=("POST",)),
    route(LOAN, pay_loan, name="account:pay_loan", may="see_account"),
    route(LOAN + "/paid", paid, name="account:paid", may="see_account"),
    route(
        LOAN + "/paid", say_paid, name="account:say_paid", may="see_account", methods=("POST",), body_limit=BODY_LIMIT
    ),
    route(LOAN + "/share", share, name="account:share", may="see_account"),
    route(LOAN + "/share", make_link, name="account:make_link", may="see_account", methods=("POST",)),
    route(NOTICE, notice, name="account:notice", may="see_account"),
    route(NOTICE + "/take-back", take_back, name="account:take_back", may="see_account", methods=("POST",)),
    route(NOTICE + "/consent", withdraw_consent, name="account:slip_consent", may="see_account", methods=("POST",)),
    route("/p/{ref:path}", shared, name="account:shared", may="anyone"),
]
