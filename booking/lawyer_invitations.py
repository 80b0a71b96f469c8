"""A registry invites a lawyer by a link, which opens their account once. The token is derived, as those of links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.claims import readable
from availability.errors import InvalidRequest, NotFound, Refusal
from availability.history import Act, record
from availability.rights import Actor, Role
from availability.sealing import House
from booking.hosting_models import ON_SCREEN, MailKind, MailState
from booking.lawyer_models import NAME_LENGTH, LawyerInvitation, LawyerProfile
from booking.links import LinkName, token_of
from booking.mail import plan_to
from booking.mailbox import is_address
from booking.plans.hearings import PLANNERS

INVITATIONS = "lawyer-invitations"  # what the tokens are derived for
LASTS = timedelta(days=14)
MOST_SHOWN = 100
# Whoever is a lawyer already is let into one more court: they prove who they are by signing in.
LET_IN = text("""
    INSERT INTO account_right (account_id, role, territory_id) VALUES (:account_id, :role, :territory_id)
    ON CONFLICT DO NOTHING""")
KNOWN = text("""
    SELECT p.account_id FROM lawyer_profile p JOIN account a ON a.id = p.account_id AND a.is_active
    WHERE lower(p.email) = lower(:email) ORDER BY p.account_id LIMIT 1""")
INVITED = text("""
    SELECT i.id, i.version, i.name, i.email, t.name AS court, i.expires_at,
           i.account_id IS NULL AND i.withdrawn_at IS NULL AS is_open,
           coalesce((SELECT s.time_zone FROM site s WHERE s.territory_id = t.id ORDER BY s.id LIMIT 1), 'Europe/Paris')
             AS time_zone
    FROM lawyer_invitation i JOIN territory t ON t.id = i.territory_id WHERE i.id = ANY(:ids)""")
MAILED = text("""
    SELECT DISTINCT ON (invitation_id) invitation_id, state, provider, sent_at FROM host_mail
    WHERE invitation_id = ANY(:ids) ORDER BY invitation_id, created_at DESC, state = 'cancelled', id""")
LOGIN = text("SELECT 1 FROM account WHERE login = lower(:email)")


class InvitationOver(Refusal):
    """The link was used, withdrawn, renewed or is too old."""


class LoginTaken(Refusal):
    """The address is that of an account which is no lawyer's."""


@dataclass(frozen=True)
class Invited:
    """What became of an invitation: a link to send, or a lawyer who has an account already and may now act there."""

    invitation: LawyerInvitation | None
    account_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class InvitedLawyer:
    """An invitation, as its e-mail says it. `is_open`: it still opens an account, until `expires_at`."""

    link: LinkName
    name: str
    email: str
    court: str
    expires_at: datetime
    time_zone: str
    is_open: bool


@dataclass(frozen=True)
class Mailed:
    """What became of the e-mail of an invitation; `on_screen`: this installation sends none."""

    state: MailState
    sent_at: datetime | None
    on_screen: bool


def invite(
    session: Session, actor: Actor, *, name: str, email: str, bar: str = "", firm: str = "", now: datetime
) -> Invited:
    """Invite a lawyer to the actor's own court. Raises: NotFound, InvalidRequest."""
    territory_id = actor.home_territory_id
    if territory_id not in actor.territories(PLANNERS):
        raise NotFound(territory_id=territory_id)
    said = {
        key: " ".join(readable(key, value).split()) for key, value in {"name": name, "bar": bar, "firm": firm}.items()
    }
    if not said["name"]:
        raise InvalidRequest("name", "required")
    if long := next((key for key, words in said.items() if len(words) > NAME_LENGTH), None):
        raise InvalidRequest(long, "too-long", most=NAME_LENGTH)
    address = readable("email", email)
    if not is_address(address):
        raise InvalidRequest("email", "not-an-address", value=address[:80])
    if (known := _let_in(session, address, territory_id)) is not None:
        _write_down(session, actor, "lawyer-let-in", str(known), now)
        return Invited(None, known)
    if session.execute(LOGIN, {"email": address}).scalar():
        raise InvalidRequest("email", "other-account")
    row = LawyerInvitation(
        territory_id=territory_id,
        name=said["name"],
        bar=said["bar"],
        firm=said["firm"],
        email=address,
        invited_by=actor.account_id,
        created_at=now,
        expires_at=now + LASTS,
    )
    session.add(row)
    session.flush()
    _write_down(session, actor, "lawyer-invited", str(row.id), now)
    _send(session, row, now)
    return Invited(row)


def invitations_of(session: Session, actor: Actor, *, now: datetime) -> list[LawyerInvitation]:
    """Return the invitations of the actor's courts that wait for their lawyer, the last first."""
    waiting = select(LawyerInvitation).where(
        col(LawyerInvitation.territory_id).in_(sorted(actor.territories(PLANNERS))),
        col(LawyerInvitation.account_id).is_(None),
        col(LawyerInvitation.withdrawn_at).is_(None),
        LawyerInvitation.expires_at > now,
    )
    return list(session.exec(waiting.order_by(col(LawyerInvitation.created_at).desc()).limit(MOST_SHOWN)))


def withdraw_invitation(session: Session, actor: Actor, invitation_id: int, *, now: datetime) -> LawyerInvitation:
    """Have the link of an invitation open nothing any more. Raises: NotFound."""
    row = _own(session, actor, invitation_id)
    if row.withdrawn_at is None and row.account_id is None:
        row.withdrawn_at = now
        _write_down(session, actor, "lawyer-invitation-withdrawn", str(row.id), now)
    return row


def restore_invitation(session: Session, actor: Actor, invitation_id: int, *, now: datetime) -> LawyerInvitation:
    """Have the link of an invitation that was withdrawn open an account again. Raises: NotFound."""
    row = _own(session, actor, invitation_id)
    if row.withdrawn_at is not None:
        row.withdrawn_at = None
        _write_down(session, actor, "lawyer-invited", str(row.id), now)
        mailed = mailed_of(session, [row.id]).get(row.id)
        if mailed is None or mailed.state is MailState.CANCELLED:  # it was to leave meanwhile
            _send(session, row, now)
    return row


def invited_by_id(session: Session, ids: Sequence[int]) -> dict[int, InvitedLawyer]:
    """Return invitations as their e-mails say them, whoever asks."""
    rows = session.execute(INVITED, {"ids": list(ids)}).all() if ids else ()
    said = ("name", "email", "court", "expires_at", "time_zone", "is_open")
    return {
        row.id: InvitedLawyer(link=LinkName(row.id, row.version), **{name: getattr(row, name) for name in said})
        for row in rows
    }


def mailed_of(session: Session, ids: Sequence[int]) -> dict[int, Mailed]:
    """Return what became of the last e-mail of each invitation."""
    rows = session.execute(MAILED, {"ids": list(ids)})
    return {row.invitation_id: Mailed(MailState(row.state), row.sent_at, row.provider == ON_SCREEN) for row in rows}


def token_of_invitation(row: LawyerInvitation, house: House) -> str:
    """Return the token of the link."""
    return token_of(house.derived(INVITATIONS), LinkName(row.id, row.version))


def invitation_named(session: Session, name: LinkName, *, now: datetime, locked: bool = False) -> LawyerInvitation:
    """Return the invitation of a good link, locked for whoever accepts it. Raises: InvitationOver."""
    row = session.get(LawyerInvitation, name.link_id, with_for_update=locked, populate_existing=locked)
    if row is None or row.version % 256 != name.version or row.withdrawn_at is not None:
        raise InvitationOver
    if row.account_id is not None or row.expires_at <= now:
        raise InvitationOver
    return row


def let_in(session: Session, row: LawyerInvitation, *, now: datetime) -> bool:
    """Have the account that a lawyer opened meanwhile for another court act before this one too; False: there is none.

    The caller has locked the invitation. Raises: LoginTaken.
    """
    if (known := _let_in(session, row.email, row.territory_id)) is None:
        if session.execute(LOGIN, {"email": row.email}).scalar():
            raise LoginTaken(invitation_id=row.id)
        return False
    row.account_id = known
    _write_down(session, None, "lawyer-let-in", str(known), now)
    return True


def accepted(session: Session, row: LawyerInvitation, account_id: UUID, *, now: datetime) -> LawyerProfile:
    """Note who accepted an invitation, which the caller has locked, and return who they are as a lawyer."""
    row.account_id = account_id
    profile = LawyerProfile(
        account_id=account_id, name=row.name, email=row.email, bar=row.bar, firm=row.firm, created_at=now
    )
    session.add(profile)
    session.flush()
    facts = {"invited_by": str(row.invited_by)}
    act = Act(act="lawyer-accepted", subject="lawyer", subject_id=account_id, at=now, facts=facts)
    record(session, None, act)
    return profile


def _send(session: Session, row: LawyerInvitation, now: datetime) -> None:
    plan_to(session, None, MailKind.INVITATION, [row.email], now=now, until=row.expires_at, invitation_id=row.id)


def _let_in(session: Session, address: str, territory_id: int) -> UUID | None:
    known: UUID | None = session.execute(KNOWN, {"email": address}).scalar()
    if known is not None:
        session.execute(LET_IN, {"account_id": known, "role": Role.LAWYER.value, "territory_id": territory_id})
    return known


def _own(session: Session, actor: Actor, invitation_id: int) -> LawyerInvitation:
    row = session.get(LawyerInvitation, invitation_id, with_for_update=True, populate_existing=True)
    if row is None or row.territory_id not in actor.territories(PLANNERS):
        raise NotFound(invitation_id=invitation_id)
    return row


def _write_down(session: Session, actor: Actor | None, act: str, subject_id: str, now: datetime) -> None:
    session.flush()
    record(session, actor, Act(act=act, subject="lawyer", subject_id=subject_id, at=now, facts={}))
