"""Forms: what was typed, what it means, what is wrong with it, in one object that a page can show again.

A mistake in the form (shape) and a refusal (state of the loan) travel different roads and meet only on the page.
"""

import hashlib
import types
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar, Generic, Self, TypeVar, Union, get_args, get_origin

from anyio import to_thread
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.requests import Request

from portal.core.refusal import Refusal
from portal.platform import csrf, db
from portal.platform.gate import BODY_LIMIT, SignInNeeded
from portal.platform.i18n import gettext as _
from portal.platform.i18n import ngettext
from portal.platform.once import payload_hash
from portal.platform.visit import Posted, Typed, visit_of

Value = TypeVar("Value", bound=BaseModel)

MAX_FIELDS = 300
MAX_FILES = 20
MAX_TEXT = 128 * 1024
_READ_AT_ONCE = 256 * 1024
_DATE_PARTS = ("year", "month", "day")
_TYPED_IN_DIGITS = (int, date, Decimal)


class NoEntries(BaseModel):
    """A form that is only a button."""


class Form(Generic[Value]):
    """One form of a page. A subclass names its pydantic model and its `purpose`, which the page's token carries.

    `raw` are the entries as typed (text, or a list where the model has one), `errors` maps a field's name to the
    words beside it, `form_errors` are about the whole, `files` maps a field's name to what was uploaded. `refusals`
    are the words for a Refusal's code: a text with its data as placeholders, or a function of the data. A form that
    `outlives` its session is shown again as it was typed after a new check or sign-in; its page begins with `reopen`.
    """

    purpose: ClassVar[str]
    outlives: ClassVar[bool] = False
    model: ClassVar[type[BaseModel]] = NoEntries
    refusals: ClassVar[Mapping[str, Any]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for base in getattr(cls, "__orig_bases__", ()):
            (given,) = get_args(base) or (None,)
            if isinstance(given, type) and issubclass(given, BaseModel):
                cls.model = given

    def __init__(self, raw: Mapping[str, Any] | None = None) -> None:
        self.raw: dict[str, Any] = _Entries(raw or {})
        self.errors: dict[str, str] = {}
        self.form_errors: list[str] = []
        self.files: dict[str, list[UploadFile]] = {}
        self.key = ""
        self.is_kept = False
        self.files_to_choose: list[str] = []
        self._value: Value | None = None

    @classmethod
    def blank(cls, **initial: Any) -> Self:
        """The form before anything was typed, with what it begins with."""
        return cls({name: _as_typed(value) for name, value in initial.items()})

    @classmethod
    def taken(cls, entries: Mapping[str, Any]) -> Self:
        """The form with what was typed into it earlier, looked at anew."""
        form = cls(entries)
        form._validate()
        return form

    @classmethod
    async def reopen(cls, request: Request, **initial: Any) -> Self:
        """The form as it was typed when its session ended, else the blank one. Nothing is validated (SB-05)."""
        form = cls.blank(**initial)
        entries = await db.read(request, request.app.state.portal.kept_entries, _form_of(request, cls.purpose))
        if entries is not None:
            form.is_kept = True
            form.files_to_choose = [entry for name, entry in entries if not name]
            form._fill([(name, entry) for name, entry in entries if name])
            form.errors.clear()
        return form

    @classmethod
    async def read(cls, request: Request) -> Self:
        """The form that was posted, its token checked.

        Raises TokenMissing, TokenForeign or TokenExpired; the whole-page answer is made in one place.
        """
        posted, pairs, files = await _posted(request, cls.purpose, cls.outlives)
        form = cls()
        form.key = posted.key
        form.files = files
        form._take(pairs)
        return form

    @property
    def ok(self) -> bool:
        """Whether there is a value and nothing is wrong with it."""
        return self._value is not None and not self.errors and not self.form_errors

    @property
    def is_read(self) -> bool:
        """Whether there is a value, whatever else may be wrong with it."""
        return self._value is not None

    @property
    def value(self) -> Value:
        """What was typed, as the model; only of a form that is ok or was ok before a refusal."""
        if self._value is None:
            raise ValueError("a form with mistakes has no value")
        return self._value

    def add_error(self, field: str, message: str) -> None:
        """Say what is wrong with one field."""
        self.errors.setdefault(field, message)

    def refuse(self, refusal: Refusal) -> None:
        """Say why the act is not allowed; nothing typed is lost."""
        words = self.refusals.get(refusal.code)
        if words is None:
            self.form_errors.append(_("This cannot be done at present. What you typed is kept."))
        elif callable(words):
            self.form_errors.append(str(words(refusal.data)))
        else:
            self.form_errors.append(str(words) % dict(refusal.data))

    def _take(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._fill(pairs)
        self._validate()

    def _fill(self, pairs: Sequence[tuple[str, str]]) -> None:
        entries: dict[str, list[str]] = {}
        for name, text in pairs:
            entries.setdefault(name, []).append(text)
        fields = self.model.model_fields
        for name, texts in entries.items():
            many = name in fields and _is_list(fields[name].annotation)
            self.raw[name] = texts if many else texts[0]
            if not many and len(set(texts)) > 1:
                self.add_error(name, _("This was answered twice. Choose one answer."))

    def _validate(self) -> None:
        given = {
            name: entry
            for name, field in self.model.model_fields.items()
            if (entry := _entry(self.raw, name, field.annotation)) not in ("", [], None)
        }
        try:
            self._value = self.model.model_validate(given)  # type: ignore[assignment]
        except ValidationError as error:
            for each in error.errors(include_url=False, include_input=False):
                if each["loc"]:
                    self.add_error(str(each["loc"][0]), _words(each["type"], each.get("ctx", {})))
                else:
                    self.form_errors.append(_words(each["type"], each.get("ctx", {})))


class _Entries(dict[str, Any]):
    """What was typed; a template may ask for any field, an untouched one is empty."""

    def __missing__(self, name: str) -> str:
        return ""


async def pressed(request: Request, purpose: str) -> Form[NoEntries]:
    """A form that is only a button, such as signing out; its token is checked, its entries are in `raw`."""
    posted, pairs, _files = await _posted(request, purpose)
    form = Form[NoEntries](dict(pairs))
    form.key = posted.key
    form._value = NoEntries()
    return form


# --- The request ----------------------------------------------------------------------------------------------


async def _posted(
    request: Request, purpose: str, outlives: bool = False
) -> tuple[Posted, list[tuple[str, str]], dict[str, list[UploadFile]]]:
    await _refuse_strangers(request)
    data = await request.form(max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=MAX_TEXT)
    pairs: list[tuple[str, str]] = []
    files: dict[str, list[UploadFile]] = {}
    token = ""
    for name, entry in data.multi_items():
        if isinstance(entry, UploadFile):
            if entry.filename:
                files.setdefault(name, []).append(entry)
        elif name == csrf.FIELD:
            token = entry
        else:
            pairs.append((_plain(name), _plain(entry)))
    if not csrf.comes_from_us(request, request.app.state.portal.settings):
        raise csrf.TokenForeign
    visit = visit_of(request)
    if outlives:
        names = [("", upload.filename or "") for name in files for upload in files[name]]
        visit.typed = Typed(_form_of(request, purpose), [*pairs, *names])
    visit.posted = await _checked(request, purpose, token, pairs, files)
    return visit.posted, pairs, files


async def _refuse_strangers(request: Request) -> None:
    """Files of a stranger are not even read: much may be sent by whose session lasts, or ran out meanwhile (EV-01)."""
    visit = visit_of(request)
    if visit.route is None or visit.route.body_limit <= BODY_LIMIT:
        return
    portal, is_staff = request.app.state.portal, request.scope["path"].startswith("/staff")
    if not await portal.doors.reading(
        lambda connection: portal.is_known(connection, visit.stranger, request, is_staff)
    ):
        raise SignInNeeded(is_staff)


def _form_of(request: Request, purpose: str) -> str:
    """A form by its purpose and what it is about, whichever of its addresses shows or takes it."""
    return " ".join((purpose, *map(str, request.path_params.values())))


async def _checked(
    request: Request,
    purpose: str,
    token: str,
    pairs: list[tuple[str, str]],
    files: dict[str, list[UploadFile]],
) -> Posted:
    portal = request.app.state.portal
    if not token:
        raise csrf.TokenMissing
    binding = csrf.binding_of(request, portal.settings)
    key = portal.form_tokens.check(token, purpose, binding, visit_of(request).now)
    hashes = [(name, await to_thread.run_sync(_hash, upload)) for name in files for upload in files[name]]
    return Posted(purpose, key, binding, payload_hash([*pairs, *hashes]))


def _hash(upload: UploadFile) -> str:
    digest = hashlib.sha256((upload.filename or "").encode("utf-8", "surrogatepass"))
    upload.file.seek(0)
    while piece := upload.file.read(_READ_AT_ONCE):
        digest.update(piece)
    upload.file.seek(0)
    return digest.hexdigest()


# --- Entries --------------------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    """Without marks that no keyboard types and that a database refuses; line ends as one character."""
    unified = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(mark for mark in unified if mark in "\n\t" or unicodedata.category(mark) not in {"Cc", "Cs"})


def _entry(raw: Mapping[str, Any], name: str, annotation: Any) -> Any:
    wanted = _inner(annotation)
    if wanted is date and not raw.get(name):
        parts = [str(raw.get(f"{name}_{part}", "")) for part in _DATE_PARTS]
        return _iso(parts) if any(part.strip() for part in parts) else ""
    entry = raw.get(name, "")
    if isinstance(entry, str):
        entry = entry.strip()
        if wanted in _TYPED_IN_DIGITS:
            entry = unicodedata.normalize("NFKC", entry).replace(" ", "").replace(",", "")
    return entry


def _iso(parts: Sequence[str]) -> str:
    digits = [unicodedata.normalize("NFKC", part).strip() for part in parts]
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in digits):
        return "-".join(digits) + "-"  # no date, and said so by the model
    year, month, day = (int(part) for part in digits)
    return f"{year:04d}-{month:02d}-{day:02d}"


def _inner(annotation: Any) -> Any:
    """The type behind `T | None`."""
    if get_origin(annotation) in (Union, types.UnionType):
        return next((part for part in get_args(annotation) if part is not type(None)), annotation)
    return annotation


def _is_list(annotation: Any) -> bool:
    return get_origin(_inner(annotation)) in (list, tuple, set, frozenset)


def _as_typed(value: Any) -> Any:
    if isinstance(value, (list, tuple, set, frozenset)):
        return [str(each) for each in value]
    return "" if value is None else str(value)


# --- Words ----------------------------------------------------------------------------------------------------


def _words(kind: str, context: Mapping[str, Any]) -> str:
    """One of pydantic's error types in words, so that no English of a library reaches a page."""
    if kind in {"missing", "string_type", "list_type", "bool_type"}:
        return _("Please fill this in.")
    if kind.startswith(("date", "datetime", "time")):
        return _("This is not a day of the calendar. Type day, month and year in digits.")
    if kind.startswith(("int", "decimal", "finite")):
        return _("Please type this in digits.")
    if kind in {"greater_than_equal", "greater_than"}:
        limit = context.get("ge", context.get("gt"))
        return (
            _("Type a number above %(limit)s.", limit=limit)
            if "gt" in context
            else _("Type %(limit)s or more.", limit=limit)
        )
    if kind in {"less_than_equal", "less_than"}:
        limit = context.get("le", context.get("lt"))
        return (
            _("Type a number below %(limit)s.", limit=limit)
            if "lt" in context
            else _("Type %(limit)s or less.", limit=limit)
        )
    return _more_words(kind, context)


def _more_words(kind: str, context: Mapping[str, Any]) -> str:
    if kind in {"string_too_long", "too_long"}:
        count = context["max_length"]
        if kind == "too_long":
            return ngettext("Choose one at most.", "Choose %(count)s at most.", count, count=count)
        return ngettext(
            "This may have one character at most.", "This may have %(count)s characters at most.", count, count=count
        )
    if kind in {"string_too_short", "too_short"}:
        count = context["min_length"]
        if kind == "too_short":
            return ngettext("Choose at least one.", "Choose at least %(count)s.", count, count=count)
        if count == 1:
            return _("Please fill this in.")
        return ngettext(
            "This needs at least one character.", "This needs at least %(count)s characters.", count, count=count
        )
    if kind in {"literal_error", "enum", "bool_parsing"}:
        return _("Choose one of the answers.")
    if kind == "value_error" and "error" in context:
        return str(context["error"])  # our own words, raised by the model
    return _("Please look at this once more.")
