"""The mobile to which requests on a site are told: given and removed by its service, or by an administrator for it;
stopped by whoever holds it, and had again by its service alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.history import Act, consulted, record
from availability.rights import Actor
from availability.sealing import House, Unreadable, seal, unseal
from availability.statements import by_key, run
from booking.mailbox import lock_site
from booking.phones import can_receive_sms, read_phone, region_of, regions_for

PHONES = "host-phones"  # the purpose of the key that seals them

_WHERE = by_key("SELECT insee, postcode, holiday_zone FROM site WHERE id = :site_id")
# Given by its own service, a number is asked for again. By an administrator, one that said STOP anywhere stays stopped.
_GIVE = text("""
    INSERT INTO host_phone (site_id, number_sealed, number_mark, stopped_at, changed_at, changed_by)
    VALUES (:site_id, :sealed, :mark, CASE WHEN NOT :is_host THEN
            (SELECT max(stopped_at) FROM host_phone WHERE number_mark = :mark) END, :now, :by)
    ON CONFLICT (site_id) DO UPDATE SET number_sealed = excluded.number_sealed, number_mark = excluded.number_mark,
        stopped_at = excluded.stopped_at, changed_at = excluded.changed_at, changed_by = excluded.changed_by""")
# Whoever says STOP at that moment is waited for, and read: in the order of _STOP.
_HOLD_SAME = text("SELECT site_id FROM host_phone WHERE number_mark = :mark ORDER BY site_id FOR NO KEY UPDATE")
_IS_STOPPED = text("""
    SELECT site_id FROM host_phone WHERE site_id = :site_id AND number_mark <> :mark AND stopped_at IS NOT NULL
    FOR NO KEY UPDATE""")
_RESUME = text("UPDATE host_phone SET stopped_at = NULL WHERE site_id = :site_id AND stopped_at IS NOT NULL")
_FORGET = text("DELETE FROM host_phone WHERE site_id = :site_id")
_LISTED = text("SELECT site_id, number_sealed, stopped_at FROM host_phone WHERE site_id = ANY(:site_ids)")
# In one order: two answers about one number never wait for each other.
_STOP = text("""
    WITH mine AS MATERIALIZED (
        SELECT site_id FROM host_phone WHERE number_mark = :mark ORDER BY site_id FOR NO KEY UPDATE)
    UPDATE host_phone p SET stopped_at = CASE WHEN :wants THEN NULL ELSE coalesce(stopped_at, :now) END
    FROM mine WHERE mine.site_id = p.site_id RETURNING p.site_id""")


@dataclass(frozen=True)
class GivenPhone:
    """The number of a site, in E.164, and whether its holder said STOP."""

    number: str = field(repr=False)
    is_stopped: bool


def set_phone(
    session: Session, actor: Actor, site_id: int, typed: str, *, house: House, fiction: bool, now: datetime
) -> None:
    """Have the requests on a site told to a mobile too; an empty number tells them no more by SMS.

    An administrator gives a number for a service, but has nobody told again who said STOP: that number stays until the
    service itself takes it away, for giving it afresh would forget the STOP.
    Raises: NotFound, InvalidRequest when it is no mobile or said STOP, AmbiguousNumber when it may be two.
    """
    is_host = lock_site(session, actor, site_id)
    number = _mobile(session, site_id, typed, fiction=fiction) if typed.strip() else ""
    mark = house.blind_index(number) if number else b""
    if not is_host and session.execute(_IS_STOPPED, {"site_id": site_id, "mark": mark}).first():
        raise InvalidRequest("phone", "said-stop")
    if number:
        sealed = seal(house.derived(PHONES), number)
        given = {"site_id": site_id, "sealed": sealed, "mark": mark, "now": now, "by": actor.account_id}
        if not is_host:
            session.execute(_HOLD_SAME, {"mark": mark})
        session.execute(_GIVE, given | {"is_host": is_host})
    else:
        session.execute(_FORGET, {"site_id": site_id})
    facts = {"changed": ["phone"], "given": bool(number)}
    record(session, actor, Act(act="host-phone-set", subject="site", subject_id=site_id, at=now, facts=facts))


def phones_of(session: Session, site_ids: Sequence[int], *, house: House) -> dict[int, GivenPhone]:
    """Return the numbers of sites that the caller may see; one sealed with another key is left out."""
    rows = session.execute(_LISTED, {"site_ids": list(site_ids)}).all()
    opened = {row.site_id: (opened_number(house, row.number_sealed), row.stopped_at is not None) for row in rows}
    return {site_id: GivenPhone(*one) for site_id, one in opened.items() if one[0]}


def resume_phone(session: Session, actor: Actor, site_id: int, *, now: datetime) -> None:
    """Have the SMS of a site leave again for its mobile, which said STOP: its service alone asks for that.

    Twice is once. Raises: NotFound.
    """
    if not lock_site(session, actor, site_id):
        raise NotFound(site_id=site_id)
    session.execute(_RESUME, {"site_id": site_id})
    facts = {"how": "page"}
    record(session, actor, Act(act="host-phone-resumed", subject="site", subject_id=site_id, at=now, facts=facts))


def look_at_phone(session: Session, actor: Actor, site_id: int, *, house: House, now: datetime) -> str:
    """Return the number of a site to correct it, empty when there is none, and log that it was looked at.

    Raises: NotFound.
    """
    lock_site(session, actor, site_id)
    consulted(session, actor, subject="site", subject_id=site_id, reason="host-phone", at=now)
    found = phones_of(session, [site_id], house=house).get(site_id)
    return found.number if found else ""


def opened_number(house: House, sealed: bytes) -> str:
    """Return a number, empty when it was sealed with another key."""
    try:
        return unseal(house.derived(PHONES), sealed)
    except Unreadable:
        return ""


def note_wish(session: Session, mark: bytes, *, wants: bool, now: datetime, how: str) -> bool:
    """Write down what the holder of a number wants for every site that has it; return whether one has."""
    found: list[int] = list(session.execute(_STOP, {"mark": mark, "wants": wants, "now": now}).scalars())
    for site_id in sorted(found):
        act = "host-phone-resumed" if wants else "host-phone-stopped"
        record(session, None, Act(act=act, subject="site", subject_id=site_id, at=now, facts={"how": how}))
    return bool(found)


def _mobile(session: Session, site_id: int, typed: str, *, fiction: bool) -> str:
    where = run(session, _WHERE, {"site_id": site_id}).one()
    nearest = region_of(where.insee or where.postcode or where.holiday_zone)
    number = read_phone(typed, regions_for(nearest), fiction=fiction)
    if not can_receive_sms(number):
        raise InvalidRequest("phone", "not-mobile")
    return number
