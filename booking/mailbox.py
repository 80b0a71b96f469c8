"""Who receives the requests on a site: the address that its service gave, else the one known of the site, else the
accounts of its organisation that sign in by their address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.history import Act, record
from availability.rights import Actor, Role
from availability.statements import by_key, run
from booking.hosting_models import MOST_ADDRESS
from booking.ledger import bare
from booking.persons import search_name_of

SHOWN = 20  # sites that an administrator finds at once
MOST_ACCOUNTS = 5  # of one organisation: a request is for a service, not for all who work there
# What every server takes: no quotes, no comments, no letter beyond ASCII. Source: HTML, valid e-mail address.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)

# A right is held over a territory and its subtree: the territories above the site are looked at.
_RECIPIENTS = by_key(f"""
    WITH RECURSIVE above AS (
        SELECT t.id, t.parent_id FROM territory t JOIN site s ON s.territory_id = t.id
        JOIN resource r ON r.site_id = s.id JOIN booking b ON b.resource_id = r.id WHERE b.id = :booking_id
        UNION ALL SELECT t.id, t.parent_id FROM territory t JOIN above a ON t.id = a.parent_id)
    SELECT coalesce(m.email, nullif(s.email, '')) AS address,
           ARRAY(SELECT DISTINCT a.login FROM account a JOIN account_right o ON o.account_id = a.id
                 WHERE a.organisation_id = s.organisation_id AND a.is_active AND a.login LIKE '%@%'
                   AND o.role = 'partner' AND (o.kind_id IS NULL OR o.kind_id = b.kind_id)
                   AND o.territory_id IN (SELECT id FROM above)
                 ORDER BY a.login LIMIT {MOST_ACCOUNTS}) AS accounts
    FROM booking b JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    LEFT JOIN host_mailbox m ON m.site_id = s.id
    WHERE b.id = :booking_id""")  # noqa: S608 - a constant
# The sites on which something is asked of a host.
_MAILBOXES = text("""
    SELECT s.id AS site_id, s.name, coalesce(m.email, s.email) AS address, m.email IS NOT NULL AS is_given
    FROM site s LEFT JOIN host_mailbox m ON m.site_id = s.id
    WHERE s.organisation_id = :organisation_id AND s.territory_id = ANY(:territories)
      AND EXISTS (SELECT FROM resource r JOIN kind k ON k.id = r.kind_id
                  WHERE r.site_id = s.id AND k.host_accepts AND (CAST(:kind_id AS bigint) IS NULL OR k.id = :kind_id))
    ORDER BY s.name, s.id LIMIT 200""")
# Whoever administers sees those where something was given; of the others, those that are searched.
_FOUND = text(f"""
    SELECT s.id AS site_id, s.name, coalesce(m.email, s.email) AS address, m.email IS NOT NULL AS is_given
    FROM site s LEFT JOIN host_mailbox m ON m.site_id = s.id LEFT JOIN host_phone h ON h.site_id = s.id
    WHERE s.territory_id = ANY(:territories)
      AND (cardinality(CAST(:patterns AS text[])) > 0 OR m.site_id IS NOT NULL OR h.site_id IS NOT NULL)
      AND {bare("concat_ws(' ', s.name, s.commune)")} LIKE ALL (CAST(:patterns AS text[]))
      AND EXISTS (SELECT FROM resource r JOIN kind k ON k.id = r.kind_id WHERE r.site_id = s.id AND k.host_accepts)
    ORDER BY s.name, s.id LIMIT :most""")  # noqa: S608 - constants only
_SITE = text("""
    SELECT organisation_id, territory_id, ARRAY(
        SELECT DISTINCT k.id FROM resource r JOIN kind k ON k.id = r.kind_id
        WHERE r.site_id = s.id AND k.host_accepts) AS kinds
    FROM site s WHERE id = :site_id FOR NO KEY UPDATE OF s""")
_GIVE = text("""
    INSERT INTO host_mailbox (site_id, email, changed_at, changed_by) VALUES (:site_id, :email, :now, :by)
    ON CONFLICT (site_id) DO UPDATE SET email = excluded.email, changed_at = excluded.changed_at,
                                        changed_by = excluded.changed_by""")
_FORGET = text("DELETE FROM host_mailbox WHERE site_id = :site_id")
_WAITING = text("""
    SELECT b.id FROM booking b JOIN resource r ON r.id = b.resource_id
    WHERE r.site_id = :site_id AND b.state = 'requested' AND b.expires_at > :now ORDER BY b.id""")


class Why(StrEnum):
    """Why an address is the one that receives."""

    GIVEN = "given"  # by the service itself
    KNOWN = "known"  # with the site, from where it was imported
    NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Mailbox:
    """Where the requests on a site arrive."""

    site_id: int
    site_name: str
    address: str
    why: Why


def is_address(typed: str) -> bool:
    """Say whether an e-mail can be sent there: no line break, no list, nothing but one address."""
    return len(typed) <= MOST_ADDRESS and _ADDRESS.fullmatch(typed) is not None


def recipients(session: Session, booking_id: UUID) -> list[str]:
    """Return the addresses that receive what is said of a booking; none when nobody is known to."""
    row = run(session, _RECIPIENTS, {"booking_id": booking_id}).one()
    return [row.address] if row.address else list(row.accounts)


def mailboxes(session: Session, actor: Actor) -> list[Mailbox]:
    """Return where the requests on the places that the actor runs arrive, by the name of the site."""
    rows = [row for asked in _reach(actor) for row in session.execute(_MAILBOXES, asked)]
    return list({row.site_id: _mailbox(row) for row in rows}.values())


def set_mailbox(session: Session, actor: Actor, site_id: int, typed: str, *, now: datetime) -> list[UUID]:
    """Have the requests on a site arrive elsewhere; an empty address gives the known one back.

    Returns the requests that wait there: the caller has them told to the new address, and revokes the old links.
    Raises: NotFound, InvalidRequest.
    """
    lock_site(session, actor, site_id)
    address = typed.strip()
    if address and not is_address(address):
        raise InvalidRequest("email", "not-an-address", value=address[:80])
    if address:
        given = {"site_id": site_id, "email": address, "now": now, "by": actor.account_id}
        session.execute(_GIVE, given)
    else:
        session.execute(_FORGET, {"site_id": site_id})
    facts = {"changed": ["email"], "given": bool(address)}
    record(session, actor, Act(act="mailbox-set", subject="site", subject_id=site_id, at=now, facts=facts))
    return list(session.execute(_WAITING, {"site_id": site_id, "now": now}).scalars())


def mailboxes_found(session: Session, actor: Actor, typed: str) -> list[Mailbox]:
    """Return where requests arrive in the territories that the actor administers, at most SHOWN + 1, by name.

    Of the sites in whose name or town all the words typed are; without any, of those that gave an address or a mobile.
    """
    words = search_name_of(typed.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")).split()
    patterns = [f"%{word}%" for word in words]  # letters and digits only: nothing to escape
    asked = {"territories": sorted(_administered(actor)), "patterns": patterns, "most": SHOWN + 1}
    return [_mailbox(row) for row in session.execute(_FOUND, asked)]


def lock_site(session: Session, actor: Actor, site_id: int) -> bool:
    """Lock a site for which the actor says where requests arrive; return whether they are its service.

    Its service answers for everything that is asked there; whoever administers its territory may help it.
    Raises: NotFound.
    """
    row = session.execute(_SITE, {"site_id": site_id}).one_or_none()
    if row is None:
        raise NotFound(site_id=site_id)
    is_host = _runs(actor, row)
    if not is_host and row.territory_id not in _administered(actor):
        raise NotFound(site_id=site_id)
    return is_host


def _administered(actor: Actor) -> frozenset[int]:
    held = (right for right in actor.rights if right.role is Role.ADMINISTRATOR and right.kind_id is None)
    return frozenset[int]().union(*(right.territory_ids for right in held))


def _reach(actor: Actor) -> Iterable[dict[str, Any]]:
    for right in actor.rights:
        if right.role is Role.PARTNER and right.organisation_id is not None:
            reached = sorted(right.territory_ids)
            yield {"organisation_id": right.organisation_id, "territories": reached, "kind_id": right.kind_id}


def _runs(actor: Actor, site: Any) -> bool:
    """Say whether the actor answers for every kind that is asked for there: the address receives them all."""
    held = [
        right.kind_id
        for right in actor.rights
        if right.role is Role.PARTNER
        and right.organisation_id == site.organisation_id
        and site.territory_id in right.territory_ids
    ]
    return None in held or (bool(site.kinds) and set(site.kinds) <= set(held))


def _mailbox(row: Any) -> Mailbox:
    why = Why.GIVEN if row.is_given else Why.KNOWN if row.address else Why.NONE
    return Mailbox(site_id=row.site_id, site_name=row.name, address=row.address, why=why)
