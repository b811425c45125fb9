"""What the audit log keeps of who came in, who was kept out, and who changed who may come in.

None of them holds a reference, a code, a birth date, a password or a telephone number.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class LinkClosed:
    """Five answers with this link did not match; the link ended, the person did not."""

    kind: ClassVar[str] = "access.link_closed"
    subject: str
    link_id: int


@dataclass(frozen=True)
class CheckAnswered:
    """Somebody answered the recipient check, rightly or not."""

    kind: ClassVar[str] = "access.check_answered"
    subject: str
    passed: bool
    known_device: bool


@dataclass(frozen=True)
class CodeSent:
    """A code was queued for the registered number."""

    kind: ClassVar[str] = "access.code_sent"
    subject: str
    challenge_id: int


@dataclass(frozen=True)
class CodeAnswered:
    """Somebody typed a code, rightly or not."""

    kind: ClassVar[str] = "access.code_answered"
    subject: str
    passed: bool


@dataclass(frozen=True)
class SignedIn:
    """A borrower's full session began."""

    kind: ClassVar[str] = "access.signed_in"
    subject: str
    session_id: int
    known_device: bool


@dataclass(frozen=True)
class SignedOut:
    """A borrower ended this session, or every session (`everywhere`)."""

    kind: ClassVar[str] = "access.signed_out"
    subject: str
    everywhere: bool


@dataclass(frozen=True)
class DeviceForgotten:
    """A known device will be asked for a code again; `because` is `borrower` or `wrong_answers`."""

    kind: ClassVar[str] = "access.device_forgotten"
    subject: str
    device_id: int
    because: str


@dataclass(frozen=True)
class NumberStopped:
    """Somebody at the person's number said that the messages are not for them."""

    kind: ClassVar[str] = "access.number_stopped"
    subject: str
    stop_id: int


@dataclass(frozen=True)
class NumberStopEnded:
    """Messages go to the number again; `because` is `undone` or `check_passed`."""

    kind: ClassVar[str] = "access.number_stop_ended"
    subject: str
    stop_id: int
    because: str


@dataclass(frozen=True)
class StaffSignedIn:
    """A member of staff passed password and TOTP."""

    kind: ClassVar[str] = "access.staff_signed_in"
    subject: str
    session_id: int


@dataclass(frozen=True)
class StaffSignInFailed:
    """Somebody tried a staff sign-in in vain; what was wrong is not said. `subject` is empty for no account."""

    kind: ClassVar[str] = "access.staff_sign_in_failed"
    subject: str


@dataclass(frozen=True)
class StaffSignedOut:
    """A member of staff ended the session."""

    kind: ClassVar[str] = "access.staff_signed_out"
    subject: str


@dataclass(frozen=True)
class StaffAccountAdded:
    """A staff account was made, with these roles."""

    kind: ClassVar[str] = "access.staff_account_added"
    subject: str
    identity: str
    roles: tuple[str, ...]


@dataclass(frozen=True)
class StaffRolesChanged:
    """A staff account holds other roles from now on."""

    kind: ClassVar[str] = "access.staff_roles_changed"
    subject: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class StaffSecretsRenewed:
    """A staff account got a new password and authenticator; its sessions ended."""

    kind: ClassVar[str] = "access.staff_secrets_renewed"
    subject: str


@dataclass(frozen=True)
class StaffAccountDisabled:
    """A staff account may no longer sign in; its sessions ended."""

    kind: ClassVar[str] = "access.staff_account_disabled"
    subject: str


@dataclass(frozen=True)
class SecondPersonAsked:
    """An act awaits a second member of staff, bound to the hash of what the first one saw."""

    kind: ClassVar[str] = "access.second_person_asked"
    subject: str
    act: str
    hash_seen: str


@dataclass(frozen=True)
class SecondPersonSettled:
    """What awaited a second person was confirmed, declined, withdrawn or lapsed."""

    kind: ClassVar[str] = "access.second_person_settled"
    subject: str
    act: str
    hash_seen: str
    outcome: str


@dataclass(frozen=True)
class StaffShutOut:
    """A case is about a member of staff, who sees nothing of it from now on; `because` is `words` or `picked`."""

    kind: ClassVar[str] = "access.staff_shut_out"
    subject: str
    account_id: int
    because: str


@dataclass(frozen=True)
class StaffLetIn:
    """Another member of staff found that a case is not about this one, who may see it again."""

    kind: ClassVar[str] = "access.staff_let_in"
    subject: str
    account_id: int
