"""What people type to come in, and what staff and administrators type. None of it is kept, not even as a hash."""

import base64
import hmac
from dataclasses import replace
from datetime import date
from hashlib import sha256

import phonenumbers
from pydantic import BaseModel, Field
from starlette.requests import Request

from portal.access.check_queries import CheckPage
from portal.access.checking import is_last4
from portal.access.tables import STAFF_ROLES
from portal.platform.forms import Form
from portal.platform.i18n import lazy as _
from portal.platform.visit import visit_of


class NumberInput(BaseModel):
    """A mobile number, as typed."""

    number: str = Field(min_length=1, max_length=32)


class NumberForm(Form[NumberInput]):
    """Asks for a new link."""

    purpose = "start"


class CheckInput(BaseModel):
    """The answers to the recipient check; a question that was not asked has none."""

    birth: date | None = None
    last4: str = Field(default="", max_length=12)
    next: str = ""


class CheckForm(Form[CheckInput]):
    """The recipient check."""

    purpose = "check"

    def say_what_is_no_answer(self, page: CheckPage) -> None:
        """Name each question whose answer is missing or none at all; never which of two good ones is wrong (SL-13)."""
        if page.asks_birth_date and self._no_date():
            self.errors["birth"] = str(_("Type day, month and year in digits."))
        if page.asks_last4 and not is_last4(str(self.raw["last4"])):
            self.errors["last4"] = str(_("Type exactly four characters."))

    def _no_date(self) -> bool:
        parts = (str(self.raw[f"birth_{part}"]).strip() for part in ("year", "month", "day"))
        return "birth" in self.errors or not any(parts)


class CodeInput(BaseModel):
    """Six digits, as typed."""

    code: str = Field(min_length=1, max_length=12)
    next: str = ""


class CodeForm(Form[CodeInput]):
    """The code from the text message."""

    purpose = "code"


class SignInInput(BaseModel):
    """A staff sign-in; what is left out is simply wrong."""

    name: str = Field(default="", max_length=64)
    password: str = Field(default="", max_length=200)
    code: str = Field(default="", max_length=12)
    next: str = ""


class SignInForm(Form[SignInInput]):
    """Staff's name, password and code of the moment."""

    purpose = "staff_sign_in"


ACCOUNT_REFUSALS = {
    "name_taken": _("This name is taken."),
    "roles_conflict": _("An administrator decides nothing: choose either this role or the others."),
    "own_account": _("Another administrator must change your own account."),
    "wrong_code": _("That code is not right, or was used before. Wait for the next one."),
}

ROLE_WORDS = {
    "plan_approver": _("Plan approver"),
    "dispute_handler": _("Dispute handler"),
    "supervisor": _("Supervisor"),
    "auditor": _("Auditor"),
    "administrator": _("Administrator"),
}


class NewAccountInput(BaseModel):
    """A staff account to be made."""

    name: str = Field(min_length=2, max_length=64, pattern=r"^[a-z0-9][a-z0-9.\-]*$")
    display_name: str = Field(min_length=1, max_length=100)
    identity: str = Field(min_length=1, max_length=64)
    roles: list[str] = Field(min_length=1, max_length=len(STAFF_ROLES))
    own_code: str = Field(min_length=1, max_length=12)


class NewAccountForm(Form[NewAccountInput]):
    """Adds a staff account."""

    purpose = "staff_account_add"
    refusals = ACCOUNT_REFUSALS


class AccountInput(BaseModel):
    """What to do with a staff account: `roles` (to hold exactly these), `renew` its secrets, or `disable` it."""

    act: str = Field(pattern="^(roles|renew|disable)$")
    roles: list[str] = Field(default_factory=list, max_length=len(STAFF_ROLES))
    own_code: str = Field(min_length=1, max_length=12)


class AccountForm(Form[AccountInput]):
    """Changes a staff account."""

    purpose = "staff_account_change"
    refusals = ACCOUNT_REFUSALS


def mobile_number(typed: str, region: str | None) -> str | None:
    """A typed number in international form, without a country code of this region; None if it cannot be one."""
    try:
        parsed = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def keep_nothing(request: Request) -> None:
    """Let the form's key stand for these very answers, so that no hash of them needs to be stored.

    The same answers sent twice are one answer; other answers on the same page are another.
    """
    visit = visit_of(request)
    if visit.posted is not None:
        mark = _keyed(request, f"answers {visit.posted.payload}")[:22]
        visit.posted = replace(visit.posted, key=f"{visit.posted.key}.{mark}", payload="")


def fresh_reference(request: Request, what: str) -> str:
    """A reference of 256 bits for a cookie: the same if this very form is sent twice, and else never again.

    So a second press gets the cookie that the first one earned, although no answer is stored that holds it.
    """
    posted = visit_of(request).posted
    if posted is None:
        raise ValueError("a reference is given for a form that was sent")
    return _keyed(request, "\n".join((what, request.scope["path"], posted.purpose, posted.binding, posted.key)))


def _keyed(request: Request, text: str) -> str:
    secret = request.app.state.portal.settings.secret_keys[0]
    digest = hmac.digest(secret.encode(), f"access.forms {text}".encode("utf-8", "surrogatepass"), sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
