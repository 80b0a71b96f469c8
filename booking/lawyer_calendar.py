"""The address by which a lawyer's own calendar reads their hearings: one an account, as those of calendar_out.py."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from availability.history import Act, record
from availability.rights import Actor
from booking.calendar_models import CalendarLink
from booking.lawyers import profile_of


def lawyer_link(session: Session, actor: Actor) -> CalendarLink | None:
    """Return the address of the actor's hearings, None when they asked for none."""
    mine = select(CalendarLink).where(
        CalendarLink.account_id == actor.account_id, col(CalendarLink.of_lawyer), col(CalendarLink.revoked_at).is_(None)
    )
    return session.exec(mine.order_by(col(CalendarLink.id))).first()


def give_lawyer_link(session: Session, actor: Actor, *, now: datetime) -> CalendarLink:
    """Return the address of the actor's hearings, made when there is none. Raises: NotFound."""
    profile_of(session, actor)
    if (known := lawyer_link(session, actor)) is not None:
        return known
    link = CalendarLink(account_id=actor.account_id, of_lawyer=True, created_at=now)
    session.add(link)
    session.flush()
    _write_down(session, actor, "calendar-link-made", link, now)
    return link


def renew_lawyer_link(session: Session, actor: Actor, *, now: datetime) -> CalendarLink:
    """Give another address in the place of one that others may know: that one shows nothing any more."""
    link = give_lawyer_link(session, actor, now=now)
    session.refresh(link, with_for_update=True)
    link.version += 1
    session.flush()
    _write_down(session, actor, "calendar-link-renewed", link, now)
    return link


def _write_down(session: Session, actor: Actor, act: str, link: CalendarLink, now: datetime) -> None:
    record(session, actor, Act(act=act, subject="calendar-link", subject_id=link.id, at=now, facts={"of_lawyer": True}))
