"""Texts in use, as messages are written from them; their versions, and what a preview says."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from availability.openings import instant_of, local_day
from availability.rights import Actor, Role
from availability.sites import address_line
from booking.persons import LANGUAGES
from convocations.convening import TOKEN_TO_COME
from convocations.kinds import TEXT_KINDS, HostText, MessageKind, TextKind
from convocations.template_models import TextState
from convocations.texts import Place, Text, Texts
from convocations.wording import FRENCH, PHRASES, SmsFacts

EDITORS = (Role.ADMINISTRATOR,)
MOST_SHOWN = 50  # versions of one text
SERVICES_SHOWN = 100  # in a list to choose from: the others are searched
IN_USE = text("""
    SELECT id, message_kind, language, kind_id, organisation_id, body FROM message_text
    WHERE state = 'in_use' AND (kind_id IS NULL OR kind_id = ANY(:kinds))
      AND (organisation_id IS NULL OR organisation_id = ANY(:organisations))""")
NAMES = text("""
    SELECT o.id, o.name FROM service_naming n JOIN organisation o ON o.id = n.organisation_id
    WHERE n.organisation_id = ANY(:organisations)""")
# Whoever is changing it is not waited for: the next message flags it.
FLAG = text("""
    UPDATE message_text SET broken_at = :now
    WHERE id IN (SELECT id FROM message_text WHERE id = ANY(:ids) AND broken_at IS NULL
                 FOR NO KEY UPDATE SKIP LOCKED)""")
VERSIONS = text("""
    SELECT t.id, t.number, t.state, t.body, t.confirmed, t.written_at, t.used_at, t.ended_at, t.broken_at,
           writer.name AS written_by, used.name AS used_by
    FROM message_text t LEFT JOIN account writer ON writer.id = t.written_by
    LEFT JOIN account used ON used.id = t.used_by
    WHERE t.message_kind = :message_kind AND t.language = :language AND t.kind_id IS NOT DISTINCT FROM :kind_id
      AND t.organisation_id IS NOT DISTINCT FROM :organisation_id
    ORDER BY t.number DESC LIMIT :most""")
# What it would be about: the next message of that kind to leave, as far as the scope and the editor's territories go.
NEXT = text("""
    SELECT m.about_at, c.choose_by, s.address, s.postcode, s.commune, s.time_zone
    FROM message m JOIN convocation c ON c.id = m.convocation_id LEFT JOIN booking b ON b.id = m.booking_id
    JOIN resource r ON r.id = coalesce(b.resource_id, c.resource_ids[1]) JOIN site s ON s.id = r.site_id
    WHERE m.state = 'planned' AND m.kind = :message_kind AND c.territory_id = ANY(:territories) AND s.address <> ''
      AND (CAST(:kind_id AS bigint) IS NULL OR r.kind_id = :kind_id)
      AND (CAST(:organisation_id AS bigint) IS NULL OR s.organisation_id = :organisation_id)
    ORDER BY m.due_at, m.id LIMIT 1""")
NEXT_TO_HOST = text("""
    SELECT q.answer_by, s.time_zone FROM message m JOIN host_request q ON q.id = m.host_request_id
    JOIN booking b ON b.id = q.booking_id JOIN resource r ON r.id = b.resource_id JOIN site s ON s.id = r.site_id
    WHERE m.state = 'planned' AND m.kind = :said AND s.territory_id = ANY(:territories)
      AND (CAST(:kind_id AS bigint) IS NULL OR b.kind_id = :kind_id)
    ORDER BY m.due_at, m.id LIMIT 1""")
A_PLACE = text("""
    SELECT s.address, s.postcode, s.commune, s.time_zone FROM site s
    WHERE s.territory_id = ANY(:territories) AND s.address <> ''
      AND (CAST(:organisation_id AS bigint) IS NULL OR s.organisation_id = :organisation_id)
    ORDER BY s.id LIMIT 1""")
SERVICES = text("""
    SELECT o.id, o.name,
           NOT EXISTS (SELECT FROM site x
                       WHERE x.organisation_id = o.id AND x.territory_id <> ALL(:territories)) AS is_mine,
           EXISTS (SELECT FROM service_naming n WHERE n.organisation_id = o.id) AS is_named
    FROM organisation o JOIN site s ON s.organisation_id = o.id JOIN resource r ON r.site_id = s.id
    JOIN kind k ON k.id = r.kind_id
    WHERE k.shape = 'slots' AND r.is_active
      AND o.id IN (SELECT organisation_id FROM site WHERE territory_id = ANY(:territories))
      AND (o.name ILIKE :part OR s.name ILIKE :part OR s.commune ILIKE :part OR o.id = CAST(:chosen AS bigint))
    GROUP BY o.id, o.name ORDER BY o.id = CAST(:chosen AS bigint) DESC NULLS LAST, o.name, o.id LIMIT :most""")
KINDS = text("SELECT id, code, label FROM kind WHERE shape = 'slots' AND is_active ORDER BY position, label, id")
KINDS_ASKED = text("SELECT id, code, label FROM kind WHERE host_accepts AND is_active ORDER BY position, label, id")
NAMES_OF = text("""
    SELECT name FROM organisation WHERE id = :id
    UNION SELECT name FROM site WHERE organisation_id = :id LIMIT 200""")
IS_NAMED = text("SELECT EXISTS (SELECT FROM service_naming WHERE organisation_id = :id)")
NAME_OF = text("SELECT name FROM organisation WHERE id = :id")
REVIEWS = text("""
    SELECT r.language, r.digest, r.at, a.name AS by FROM language_review r LEFT JOIN account a ON a.id = r.by""")
BROKEN = text("""
    SELECT t.id, t.message_kind, t.language, t.kind_id, t.organisation_id, t.broken_at
    FROM message_text t WHERE t.state = 'in_use' AND t.broken_at IS NOT NULL
      AND (t.organisation_id IS NULL AND :is_national OR EXISTS (
          SELECT FROM site s WHERE s.organisation_id = t.organisation_id AND s.territory_id = ANY(:territories)))
    ORDER BY t.broken_at DESC LIMIT 20""")
REMINDERS = text("SELECT hours FROM kind_reminders WHERE kind_id = :id")


@dataclass(frozen=True)
class Scope:
    """Which messages a text is for: None of kinds of places, or of services, is all of them."""

    message_kind: TextKind
    language: str = FRENCH
    kind_id: int | None = None
    organisation_id: int | None = None

    @property
    def is_to_host(self) -> bool:
        """Say whether it is told to the host of a request."""
        return isinstance(self.message_kind, HostText)

    @property
    def place(self) -> Place:
        """Return where it is looked for."""
        return Place(self.kind_id, self.organisation_id)

    @property
    def keys(self) -> dict[str, Any]:
        """Return it as statements take it."""
        return {
            "message_kind": str(self.message_kind),
            "language": self.language,
            "kind_id": self.kind_id,
            "organisation_id": self.organisation_id,
        }


@dataclass(frozen=True)
class Version:
    """One version of a text, and who wrote it."""

    id: UUID
    number: int
    state: TextState
    body: str
    confirmed: tuple[str, ...]
    written_by: str
    written_at: datetime
    used_by: str
    used_at: datetime | None
    ended_at: datetime | None
    broken_at: datetime | None


@dataclass(frozen=True)
class Service:
    """An organisation that receives people; `is_mine` when its texts may be written by whoever looks."""

    id: int
    name: str
    is_mine: bool
    is_named: bool


@dataclass(frozen=True)
class Review:
    """Where a language stands: read by whom, and whether its sentences are still those that were read."""

    language: str
    by: str
    at: datetime | None
    is_reviewed: bool


@dataclass(frozen=True)
class Sample:
    """What a preview is filled in with; `is_real` when a message is about to say it."""

    facts: SmsFacts
    is_real: bool


def texts_for(session: Session, places: Iterable[tuple[int | None, int | None]]) -> Texts:
    """Return the texts in use for some kinds of places and services, and the names that may be written."""
    wanted = list(places)
    if not wanted:
        return Texts()
    kinds = sorted({kind for kind, _ in wanted if kind})
    organisations = sorted({one for _, one in wanted if one})
    rows = session.execute(IN_USE, {"kinds": kinds, "organisations": organisations}).all()
    if not rows:
        return Texts()
    in_use = {
        (row.message_kind, row.language, row.kind_id, row.organisation_id): Text(row.id, row.body) for row in rows
    }
    names = {row.id: row.name for row in session.execute(NAMES, {"organisations": organisations})}
    return Texts(in_use, names)


def flag_broken(session: Session, ids: Collection[UUID], *, now: datetime) -> None:
    """Say that messages were written from the standard text, for these could not be filled in."""
    if ids:
        session.execute(FLAG, {"ids": sorted(ids), "now": now})


def versions(session: Session, scope: Scope) -> list[Version]:
    """Return the versions of one text, the last first."""
    rows = session.execute(VERSIONS, {**scope.keys, "most": MOST_SHOWN})
    return [
        Version(
            **{
                **row._mapping,
                "state": TextState(row.state),
                "confirmed": tuple(row.confirmed),
                "written_by": row.written_by or "",
                "used_by": row.used_by or "",
            }
        )
        for row in rows
    ]


def sample(session: Session, actor: Actor, scope: Scope, *, origin: str, now: datetime) -> Sample:
    """Return what the next message of that kind would say in the editor's territories, or else something like it."""
    asked = {**scope.keys, "territories": sorted(actor.territories(EDITORS))}
    if scope.is_to_host:
        return _sample_to_host(session, scope, asked, origin=origin, now=now)
    found = session.execute(NEXT, asked).first()
    place = found or session.execute(A_PLACE, asked).first()
    zone = ZoneInfo(place.time_zone if place else "Europe/Paris")
    soon = _next_tuesday(local_day(now, zone))
    address = address_line(place.address, place.postcode, place.commune) if place else "1 rue de l’Exemple, 75000 Paris"
    starts_at = found.about_at if found and found.about_at else instant_of(soon, time(9, 30), zone)
    facts = SmsFacts(
        zone=zone,
        address=address,
        link=f"{origin}/r/{TOKEN_TO_COME}",
        starts_at=None if scope.message_kind is MessageKind.OFFER else starts_at,
        choose_by=(found.choose_by if found else None) or soon,
    )
    return Sample(facts, found is not None)


def services(
    session: Session, actor: Actor, *, words: str = "", chosen: int | None = None, most: int = SERVICES_SHOWN + 1
) -> list[Service]:
    """Return the services that receive people by appointment in the territories that the actor administers.

    Those in whose name, or that of a place or of its town, some words are; the chosen one first.
    """
    part = words.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    asked = {"territories": sorted(actor.territories(EDITORS)), "part": f"%{part}%", "chosen": chosen, "most": most}
    return [Service(**row._mapping) for row in session.execute(SERVICES, asked)]


def kinds(session: Session, *, asked_of_hosts: bool = False) -> list[tuple[int, str, str]]:
    """Return the kinds of places where people are received, or asked of hosts: number, code, label."""
    return [(row.id, row.code, row.label) for row in session.execute(KINDS_ASKED if asked_of_hosts else KINDS)]


def names_of(session: Session, organisation_id: int | None) -> tuple[bool, str, frozenset[str]]:
    """Return whether a service may be named, its name, and all the names that give it away."""
    if organisation_id is None:
        return False, "", frozenset()
    is_named = bool(session.execute(IS_NAMED, {"id": organisation_id}).scalar())
    name = session.execute(NAME_OF, {"id": organisation_id}).scalar() or ""
    return is_named, name, frozenset(session.execute(NAMES_OF, {"id": organisation_id}).scalars())


def reviews(session: Session) -> list[Review]:
    """Return every language but French, those that nobody has read first."""
    known = {row.language: row for row in session.execute(REVIEWS)}
    found = [_review(language, known.get(language)) for language in LANGUAGES - {FRENCH}]
    return sorted(found, key=lambda one: (one.is_reviewed, one.language))


def broken(session: Session, actor: Actor, *, is_national: bool) -> list[tuple[UUID, Scope, datetime]]:
    """Return the texts in use that could not be filled in, and since when the standard one left in their place."""
    asked = {"territories": sorted(actor.territories(EDITORS)), "is_national": is_national}
    return [
        (row.id, Scope(TEXT_KINDS[row.message_kind], row.language, row.kind_id, row.organisation_id), row.broken_at)
        for row in session.execute(BROKEN, asked)
    ]


def reminders_of(session: Session, kind_id: int) -> tuple[int, ...]:
    """Return how many hours before an appointment of a kind there are reminders, besides the last one."""
    return tuple(session.execute(REMINDERS, {"id": kind_id}).scalar() or ())


def digest_of(language: str) -> str:
    """Return what tells the sentences of a language from those that it had before."""
    return hashlib.sha256((PHRASES / f"{language}.json").read_bytes()).hexdigest()[:16]


def _review(language: str, row: Any) -> Review:
    is_reviewed = row is not None and row.digest == digest_of(language)
    return Review(language, row.by or "" if row else "", row.at if row else None, is_reviewed)


def _sample_to_host(session: Session, scope: Scope, asked: dict[str, Any], *, origin: str, now: datetime) -> Sample:
    said = str(scope.message_kind).removeprefix("host-")
    found = session.execute(NEXT_TO_HOST, asked | {"said": said}).first()
    zone = ZoneInfo(found.time_zone if found else "Europe/Paris")
    answer_by = found.answer_by if found else instant_of(_next_tuesday(local_day(now, zone)), time(18, 0), zone)
    facts = SmsFacts(zone=zone, address="", link=f"{origin}/d/{TOKEN_TO_COME}", answer_by=answer_by)
    return Sample(facts, found is not None)


def _next_tuesday(today: date) -> date:
    return today + timedelta(days=(1 - today.weekday()) % 7 or 7)
