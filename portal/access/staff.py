"""Staff: signing in and out, and the administrator's accounts and roles."""

from dataclasses import dataclass
from functools import partial

from anyio import to_thread
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from portal.access import checking, cookies, passwords, staff_actions, staff_queries
from portal.access.evenness import evenly
from portal.access.forms import (
    ROLE_WORDS,
    AccountForm,
    AccountInput,
    NewAccountForm,
    NewAccountInput,
    SignInForm,
    SignInInput,
    fresh_reference,
    keep_nothing,
)
from portal.access.staff_queries import Credentials
from portal.core.refusal import Refusal
from portal.platform import db
from portal.platform.forms import pressed
from portal.platform.gate import Viewer, route
from portal.platform.i18n import gettext as _
from portal.platform.render import error_page, render, safe_path, see_other
from portal.platform.sealing import SealBroken, seal, unseal
from portal.platform.visit import visit_of

# --- Signing in -----------------------------------------------------------------------------------------------


async def sign_in(request: Request) -> Response:
    """Asks for name, password and code together."""
    wanted = safe_path(request.query_params.get("next"), "/staff/")
    kept = request.query_params.get("kept") == "1"
    return render(request, "access/staff_sign_in.html", form=SignInForm.blank(next=wanted), kept=kept)


@partial(evenly, times=3)  # hashing a password takes its time, more so on a busy machine
async def answer_sign_in(request: Request) -> Response:
    """One answer for anything that is wrong, after the same work (SL-13, ST-09)."""
    form = await SignInForm.read(request)
    keep_nothing(request)
    typed = form.value if form.ok else SignInInput()
    name = typed.name.strip().lower()
    if try_again := await db.write(request, staff_actions.sign_in_waits, name):
        return error_page(request, 429, try_again=try_again)
    proven = await _proven(request, await db.read(request, staff_queries.credentials, name), typed)
    reference = fresh_reference(request, "staff")
    if proven is None or not await db.write(request, staff_actions.sign_in_staff, *proven, reference):
        await db.write(request, staff_actions.note_failed_sign_in, name)
        form.form_errors.append(_("Name, password and code do not go together. Please look at them once more."))
        return render(request, "access/staff_sign_in.html", status=422, form=form, kept=False)
    response = see_other(request, safe_path(typed.next, "/staff/"))
    cookies.give(response, request, cookies.STAFF, reference)
    return response


async def _proven(request: Request, stored: Credentials | None, typed: SignInInput) -> tuple[int, int] | None:
    """The account and the TOTP step that password and code prove, or nothing; password and code are both looked at."""
    matches = partial(passwords.password_matches, stored.password_hash if stored else None, typed.password)
    password_right = await to_thread.run_sync(matches)
    step = passwords.totp_step(_totp_secret(request, stored), typed.code.strip(), visit_of(request).now)
    return (stored.id, step) if stored and password_right and step is not None else None


def _totp_secret(request: Request, stored: Credentials | None) -> str | None:
    try:
        keys = request.app.state.portal.settings.secret_keys
        return unseal(keys, staff_queries.TOTP_PURPOSE, stored.sealed_totp) if stored else None
    except SealBroken:
        return None


async def sign_out(request: Request) -> Response:
    """Ends the staff session."""
    await pressed(request, "staff_sign_out")
    await db.write(request, staff_actions.sign_out_staff)
    response = see_other(request, "access:staff_sign_in")
    cookies.drop_session(response, request, cookies.STAFF)
    return response


# --- Accounts -------------------------------------------------------------------------------------------------


async def accounts(request: Request) -> Response:
    """Everybody who may sign in, and a form for one more."""
    return await _accounts_page(request, NewAccountForm.blank())


async def add_account(request: Request) -> Response:
    """Makes an account and shows its secrets, once."""
    form = await NewAccountForm.read(request)
    keep_nothing(request)
    if not form.ok:
        return await _accounts_page(request, form, status=422)
    if try_again := await db.write(request, staff_actions.proof_waits):
        return error_page(request, 429, try_again=try_again)
    fresh = await _fresh(request)
    try:
        stored = await db.write(request, _add, form.value, fresh.password_hash, fresh.sealed_totp)
    except Refusal as refusal:
        form.refuse(refusal)
        return await _accounts_page(request, form, status=422)
    return _secrets_page(request, form.value.name, fresh, stored)


async def account(request: Request) -> Response:
    """One account."""
    return await _account_page(request, None)


async def change_account(request: Request) -> Response:
    """Changes an account's roles, renews its secrets, or disables it."""
    form = await AccountForm.read(request)
    keep_nothing(request)
    name = request.path_params["name"]
    if not form.ok:
        return await _account_page(request, form, status=422)
    if try_again := await db.write(request, staff_actions.proof_waits):
        return error_page(request, 429, try_again=try_again)
    fresh = await _fresh(request)
    try:
        stored = await db.write(request, _change, name, form.value, fresh.password_hash, fresh.sealed_totp)
    except Refusal as refusal:
        form.refuse(refusal)
        return await _account_page(request, form, status=422)
    if form.value.act == "renew":
        return _secrets_page(request, name, fresh, stored)
    return see_other(request, "access:staff_accounts")


@dataclass(frozen=True)
class _Fresh:
    secrets: passwords.StaffSecrets
    password_hash: str
    sealed_totp: str


async def _fresh(request: Request) -> _Fresh:
    made = passwords.new_secrets()
    hashed = await to_thread.run_sync(passwords.password_hash, made.password)
    sealed = seal(request.app.state.portal.settings.secret_keys, staff_queries.TOTP_PURPOSE, made.totp)
    return _Fresh(made, hashed, sealed)


def _add(session: Session, viewer: Viewer, typed: NewAccountInput, hashed: str, sealed: str) -> str:
    """Gives back a mark of what was stored: sent twice, the second answer knows that its own secrets are void."""
    staff_actions.prove_again(session, viewer, typed.own_code)
    staff_actions.add_staff(
        session,
        viewer,
        staff_actions.NewStaff(
            name=typed.name,
            display_name=typed.display_name,
            identity=typed.identity,
            roles=tuple(typed.roles),
            password_hash=hashed,
            sealed_totp=sealed,
        ),
    )
    return checking.token_hash(sealed)


def _change(session: Session, viewer: Viewer, name: str, typed: AccountInput, hashed: str, sealed: str) -> str:
    staff_actions.prove_again(session, viewer, typed.own_code)
    if typed.act == "roles":
        staff_actions.change_roles(session, viewer, name, tuple(typed.roles))
    elif typed.act == "renew":
        staff_actions.renew_secrets(session, viewer, name, hashed, sealed)
    else:
        staff_actions.disable_staff(session, viewer, name)
    return checking.token_hash(sealed)


def _secrets_page(request: Request, name: str, fresh: _Fresh, stored: str) -> Response:
    issuer = request.app.state.portal.settings.lender.in_language(visit_of(request).language).public_name
    is_ours = stored == checking.token_hash(fresh.sealed_totp)
    shown = {"password": fresh.secrets.password, "address": fresh.secrets.address(name, issuer)} if is_ours else None
    return render(request, "access/staff_secrets.html", name=name, secrets=shown)


async def _accounts_page(request: Request, form: NewAccountForm, status: int = 200) -> Response:
    found = await db.read(request, staff_queries.staff_accounts)
    return render(
        request, "access/staff_accounts.html", status=status, accounts=found, form=form, role_words=ROLE_WORDS
    )


async def _account_page(request: Request, form: AccountForm | None, status: int = 200) -> Response:
    found = await db.read(request, staff_queries.staff_named, request.path_params["name"])
    if found is None:
        return error_page(request, 404)
    shown = form or AccountForm.blank(roles=found.roles)
    return render(request, "access/staff_account.html", status=status, account=found, form=shown, role_words=ROLE_WORDS)


routes = [
    route("/staff/sign-in", sign_in, name="access:staff_sign_in", may="anyone"),
    route("/staff/sign-in", answer_sign_in, name="access:answer_staff_sign_in", may="anyone", methods=("POST",)),
    route("/staff/sign-out", sign_out, name="access:staff_sign_out", may="anyone", methods=("POST",)),
    route("/staff/accounts", accounts, name="access:staff_accounts", may="manage_accounts"),
    route("/staff/accounts", add_account, name="access:add_staff_account", may="manage_accounts", methods=("POST",)),
    route("/staff/accounts/{name}", account, name="access:staff_account", may="manage_accounts"),
    route(
        "/staff/accounts/{name}",
        change_account,
        name="access:change_staff_account",
        may="manage_accounts",
        methods=("POST",),
    ),
]
