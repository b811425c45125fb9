"""What changes who of the staff may come in: accounts, roles, secrets, sign-in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlmodel import Session

from portal.access import checking, events, passwords, staff_queries
from portal.access.queries import ACCOUNT, ROLE, STAFF_SESSION
from portal.access.tables import DECIDING_ROLES, STAFF_ROLES
from portal.audit.actions import record
from portal.core.refusal import Refusal
from portal.platform import outbox, throttle
from portal.platform.gate import Viewer
from portal.platform.sealing import unseal

# --- staff accounts -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NewStaff:
    """A staff account to be made; the password comes hashed and the TOTP secret sealed."""

    name: str
    display_name: str
    identity: str
    roles: tuple[str, ...]
    password_hash: str
    sealed_totp: str


def add_staff(session: Session, viewer: Viewer, new: NewStaff) -> int:
    """Make a staff account; raises Refusal `name_taken`, `unknown_role` or `roles_conflict`."""
    _check_roles(new.roles)
    taken = session.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.name == new.name)).first()
    if taken is not None:
        raise Refusal("name_taken", name=new.name)
    account_id = session.execute(
        insert(ACCOUNT)
        .values(
            name=new.name,
            display_name=new.display_name,
            identity=new.identity,
            password_hash=new.password_hash,
            sealed_totp=new.sealed_totp,
            totp_step=0,
            created_at=viewer.now,
        )
        .returning(ACCOUNT.c.id)
    ).scalar_one()
    _hold_roles(session, viewer, account_id, new.roles)
    record(session, viewer, events.StaffAccountAdded(new.name, new.identity, new.roles))
    return int(account_id)


def change_roles(session: Session, viewer: Viewer, name: str, roles: tuple[str, ...]) -> None:
    """From now on the account holds exactly these roles; acts on its next request (ST-11)."""
    account = _other_account(session, viewer, name)
    _check_roles(roles)
    dropped = set(account.roles) - set(roles)
    session.execute(
        update(ROLE)
        .where(ROLE.c.account_id == account.id, ROLE.c.until_at.is_(None), ROLE.c.role.in_(dropped))
        .values(until_at=viewer.now)
    )
    _hold_roles(session, viewer, account.id, tuple(sorted(set(roles) - set(account.roles))))
    record(session, viewer, events.StaffRolesChanged(name, account.roles, tuple(sorted(roles))))


def renew_secrets(session: Session, viewer: Viewer, name: str, password_hash: str, sealed_totp: str) -> None:
    """Give an account a new password and authenticator; its sessions end."""
    account = _other_account(session, viewer, name)
    session.execute(
        update(ACCOUNT)
        .where(ACCOUNT.c.id == account.id)
        .values(password_hash=password_hash, sealed_totp=sealed_totp, totp_step=0)
    )
    _end_staff_sessions(session, viewer, account.id)
    record(session, viewer, events.StaffSecretsRenewed(name))


def disable_staff(session: Session, viewer: Viewer, name: str) -> None:
    """The account may not sign in any more, and its sessions end at once."""
    account = _other_account(session, viewer, name)
    session.execute(
        update(ACCOUNT)
        .where(ACCOUNT.c.id == account.id, ACCOUNT.c.disabled_at.is_(None))
        .values(disabled_at=viewer.now)
    )
    _end_staff_sessions(session, viewer, account.id)
    record(session, viewer, events.StaffAccountDisabled(name))


def _other_account(session: Session, viewer: Viewer, name: str) -> staff_queries.StaffRecord:
    # Two administrators at once would each check half of what the account then holds.
    session.execute(select(ACCOUNT.c.id).where(ACCOUNT.c.name == name).with_for_update(key_share=True))
    account = staff_queries.staff_named(session.connection(), viewer, name)
    if account is None:
        raise Refusal("no_account", name=name)
    if account.id == viewer.staff_id:
        raise Refusal("own_account")
    return account


def _check_roles(roles: tuple[str, ...]) -> None:
    unknown = sorted(set(roles) - set(STAFF_ROLES))
    if unknown:
        raise Refusal("unknown_role", roles=unknown)
    if "administrator" in roles and DECIDING_ROLES.intersection(roles):
        raise Refusal("roles_conflict")


def _hold_roles(session: Session, viewer: Viewer, account_id: int, roles: tuple[str, ...]) -> None:
    for role in roles:
        session.execute(insert(ROLE).values(account_id=account_id, role=role, from_at=viewer.now))


def _end_staff_sessions(session: Session, viewer: Viewer, account_id: int) -> None:
    session.execute(
        update(STAFF_SESSION)
        .where(STAFF_SESSION.c.account_id == account_id, STAFF_SESSION.c.revoked_at.is_(None))
        .values(revoked_at=viewer.now)
    )


# --- staff sign-in --------------------------------------------------------------------------------------------

STAFF_TRIES, STAFF_NETWORK_TRIES, STAFF_WINDOW = 10, 30, timedelta(minutes=15)


def sign_in_waits(session: Session, viewer: Viewer, name: str) -> datetime | None:
    """Count a sign-in for the name and for the network; from when it may be tried where either has had enough."""
    buckets = (
        (f"staff:{checking.token_hash(name)}", STAFF_TRIES),
        (f"staff_network:{viewer.network}", STAFF_NETWORK_TRIES),
    )
    waits = [throttle.wait_until(session, bucket, limit, STAFF_WINDOW, viewer.now) for bucket, limit in buckets]
    return max((instant for instant in waits if instant), default=None)


def sign_in_staff(session: Session, viewer: Viewer, account_id: int, totp_step: int, new_session: str) -> bool:
    """Begin a staff session; False if the code was used before or the account was disabled meanwhile."""
    if not use_totp_step(session, viewer, account_id, totp_step):
        return False
    session_id = session.execute(
        insert(STAFF_SESSION)
        .values(
            token_hash=checking.token_hash(new_session),
            account_id=account_id,
            language=viewer.language,
            created_at=viewer.now,
            last_seen_at=viewer.now,
            ends_at=viewer.now + checking.ABSOLUTE_LIFE,
        )
        .returning(STAFF_SESSION.c.id)
    ).scalar_one()
    record(session, viewer, events.StaffSignedIn(_staff_name(session, account_id), session_id))
    return True


def use_totp_step(session: Session, viewer: Viewer, account_id: int, totp_step: int) -> bool:
    """Use up a TOTP code of an account, once; False if it or a later one was used before."""
    used = session.execute(
        update(ACCOUNT)
        .where(ACCOUNT.c.id == account_id, ACCOUNT.c.totp_step < totp_step, ACCOUNT.c.disabled_at.is_(None))
        .values(totp_step=totp_step)
        .returning(ACCOUNT.c.id)
    ).first()
    return used is not None


def proof_waits(session: Session, viewer: Viewer) -> datetime | None:
    """Count a try of somebody signed in to show their own code once more; from when one may be made after too many."""
    return throttle.wait_until(session, f"staff_own:{viewer.staff_id}", STAFF_TRIES, STAFF_WINDOW, viewer.now)


def prove_again(session: Session, viewer: Viewer, typed_code: str) -> None:
    """Whoever changes accounts shows a fresh code of their own (ST-09); raises Refusal `wrong_code`."""
    own = staff_queries.credentials_of(session.connection(), viewer.staff_id)
    secret = unseal(session.info[outbox.KEYS], staff_queries.TOTP_PURPOSE, own.sealed_totp) if own else None
    step = passwords.totp_step(secret, typed_code.strip(), viewer.now)
    if own is None or step is None or not use_totp_step(session, viewer, own.id, step):
        raise Refusal("wrong_code")


def note_failed_sign_in(session: Session, viewer: Viewer, name: str) -> None:
    """Keep in the audit log that a sign-in failed; a name without account is not kept."""
    account = staff_queries.staff_named(session.connection(), viewer, name)
    record(session, viewer, events.StaffSignInFailed(account.name if account else ""))


def sign_out_staff(session: Session, viewer: Viewer) -> None:
    """End this staff session."""
    session.execute(
        update(STAFF_SESSION)
        .where(STAFF_SESSION.c.id == viewer.session_id, STAFF_SESSION.c.revoked_at.is_(None))
        .values(revoked_at=viewer.now)
    )
    if viewer.staff_id is not None:
        record(session, viewer, events.StaffSignedOut(_staff_name(session, viewer.staff_id)))


def _staff_name(session: Session, account_id: int) -> str:
    return str(session.execute(select(ACCOUNT.c.name).where(ACCOUNT.c.id == account_id)).scalar_one())
