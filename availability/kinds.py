"""Kinds as administrators write them: created, changed, taken out of service, brought back. Each act writes history.

Kinds rule the whole country: only an administrator of the country writes them. What somebody else changed meanwhile
is never written over: the act is refused, with what differs. The shape is fixed once something of the kind exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from json import dumps
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.history import Act, HistoryLine, record
from availability.kind_drafts import COLUMNS, KindDraft, QuotaLine, RoleRight, differences, problems_of, shaped, slug
from availability.models import Kind, KindRight, QuotaPeriod, Shape, TerritoryLevel
from availability.outside import Outside
from availability.reopening import open_again
from availability.rights import Actor, Role

SUBJECT = "kind"
MOST_OF_A_NAME = 1000  # kinds whose code begins alike
CLOSING_RULES = ("ignores_holidays", "ignores_weekends", "closes_in_recess")

COUNTRIES = text("SELECT id FROM territory WHERE level = :level")
# A change does not stop anybody from taking a place; a change of shape waits for resources being added.
LOCK = {
    False: text("SELECT id FROM kind WHERE id = :id FOR NO KEY UPDATE"),
    True: text("SELECT id FROM kind WHERE id = :id FOR UPDATE"),
}
RESOURCES = text("SELECT count(*) FROM resource WHERE kind_id = :id")
IN_SERVICE = text("SELECT id FROM resource WHERE kind_id = :id AND is_active ORDER BY id")
ADD = text(f"""
    INSERT INTO kind (code, is_active, {", ".join(COLUMNS)})
    VALUES (:code, true, {", ".join(f"CAST(:{one} AS jsonb)" if one == "searchable" else f":{one}" for one in COLUMNS)})
    ON CONFLICT (code) DO NOTHING RETURNING id""")  # noqa: S608 - names of columns
PUT_IN_SERVICE = text("UPDATE kind SET is_active = :is_active WHERE id = :id")
MEETING_OF = text("SELECT label FROM kind WHERE :id IN (meeting_kind_id, hearing_kind_id) AND is_active ORDER BY label")
QUOTAS = text("""
    SELECT q.per, q.most, coalesce(o.code, '') AS organisation, coalesce(t.code, '') AS territory
    FROM kind_quota q LEFT JOIN organisation o ON o.id = q.organisation_id
    LEFT JOIN territory t ON t.id = q.territory_id WHERE q.kind_id = :id""")
ALL_QUOTAS = text("""
    SELECT q.kind_id, q.per, q.most, o.code AS organisation, t.code AS territory
    FROM kind_quota q LEFT JOIN organisation o ON o.id = q.organisation_id
    LEFT JOIN territory t ON t.id = q.territory_id ORDER BY q.kind_id, q.per, o.code, t.code""")
# Nothing is added for a code that is nobody's.
ADD_QUOTA = text("""
    INSERT INTO kind_quota (kind_id, organisation_id, territory_id, per, most)
    SELECT :id, o.id, t.id, :per, :most
    FROM (VALUES (1)) AS one LEFT JOIN organisation o ON o.code = :organisation
    LEFT JOIN territory t ON t.code = :territory
    WHERE (:organisation = '' OR o.id IS NOT NULL) AND (:territory = '' OR t.id IS NOT NULL) RETURNING id""")
NAMED = text("""
    SELECT code, name FROM organisation WHERE code = ANY(:organisations)
    UNION ALL SELECT code, name FROM territory WHERE code = ANY(:territories)""")
LIKE = {
    "organisation": text("""
        SELECT code, name FROM organisation WHERE strpos(lower(name), lower(:typed)) > 0 OR lower(code) = lower(:typed)
        ORDER BY lower(name) <> lower(:typed), strpos(lower(name), lower(:typed)), name, code LIMIT :limit"""),
    "territory": text("""
        SELECT code, name FROM territory WHERE strpos(lower(name), lower(:typed)) > 0 OR lower(code) = lower(:typed)
        ORDER BY lower(name) <> lower(:typed), strpos(lower(name), lower(:typed)), name, code LIMIT :limit"""),
}
OFFERED = text(
    "SELECT id FROM kind WHERE shape = :shape AND is_active AND id IS DISTINCT FROM CAST(:but_for AS bigint)"
)


class ChangedMeanwhile(Refusal):
    """Somebody else changed the kind since it was read; `fields` names what differs."""


class ShapeFixed(Refusal):
    """Something of this kind exists, or did: what was taken of it is written by its shape."""


class KindInUse(Refusal):
    """The kind is relied on: by `kinds` whose information meeting or hearing it is, or by what exists of it."""


@dataclass(frozen=True)
class KindChanged:
    """What a change replaced, and what was taken that the openings no longer cover."""

    before: KindDraft
    outside: tuple[Outside, ...] = ()


@dataclass(frozen=True)
class KindLine:
    """A kind of the list, with how much there is of it."""

    kind: Kind
    resources: int
    searchers: int  # roles that search it


@dataclass(frozen=True)
class PastAct:
    """One act on a kind."""

    at: datetime
    actor_id: UUID | None
    act: str
    facts: Mapping[str, Any]


def kinds_written(session: Session, actor: Actor) -> list[KindLine]:
    """Return every kind that people take, in service or not, in the order of the map. Raises: NotAllowed.

    A kind to which no role has a right is not one of theirs: judges, clerks and rooms are such.
    """
    check_national(session, actor)
    rows = session.execute(
        text("""
            SELECT k.id, (SELECT count(*) FROM resource r WHERE r.kind_id = k.id), count(kr.role)
            FROM kind k LEFT JOIN kind_right kr ON kr.kind_id = k.id
            WHERE kr.role IS NOT NULL OR EXISTS (
                SELECT FROM history h WHERE h.subject = :subject AND h.subject_id = CAST(k.id AS text))
            GROUP BY k.id"""),
        {"subject": SUBJECT},
    ).all()
    counts = {row[0]: (row[1], row[2]) for row in rows}
    found = session.exec(select(Kind).where(col(Kind.id).in_(counts)).order_by(col(Kind.position), col(Kind.label)))
    return [KindLine(kind, *counts[kind.id]) for kind in found]


def kind_written(session: Session, actor: Actor, kind_id: int) -> KindDraft:
    """Return a kind as it is written now. Raises: NotAllowed, NotFound."""
    check_national(session, actor)
    return _draft(session, kind_id)


def names_of(session: Session, draft: KindDraft) -> dict[str, str]:
    """Return the names of the services and territories that the quotas of a kind are of, by code."""
    asked = {
        "organisations": [one.organisation for one in draft.quotas if one.organisation],
        "territories": [one.territory for one in draft.quotas if one.territory],
    }
    return {row.code: row.name for row in session.execute(NAMED, asked)}


def named_like(session: Session, what: str, typed: str, *, most: int = 4) -> list[tuple[str, str]]:
    """Return the code and name of services, or of territories, whose name holds what was typed, that name first."""
    return [(row.code, row.name) for row in session.execute(LIKE[what], {"typed": typed.strip(), "limit": most})]


def quotas_by_kind(session: Session) -> dict[int, list[dict[str, Any]]]:
    """Return the quotas of every kind, as programs read them."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in session.execute(ALL_QUOTAS):
        line = {"per": row.per, "most": row.most, "organisation": row.organisation, "territory": row.territory}
        found.setdefault(row.kind_id, []).append(line)
    return found


def shape_is_fixed(session: Session, kind_id: int) -> bool:
    """Say whether something of this kind exists."""
    return bool(session.execute(RESOURCES, {"id": kind_id}).scalar())


def history_of(session: Session, actor: Actor, kind_id: int, *, most: int = 50) -> list[PastAct]:
    """Return the last acts on a kind, the latest first. Raises: NotAllowed."""
    check_national(session, actor)
    of_it = (col(HistoryLine.subject) == SUBJECT, col(HistoryLine.subject_id) == str(kind_id))
    lines = session.exec(select(HistoryLine).where(*of_it).order_by(col(HistoryLine.id).desc()).limit(most))
    return [PastAct(line.at, line.actor_id, line.act, line.facts) for line in lines]


def create_kind(session: Session, actor: Actor, draft: KindDraft, *, now: datetime) -> int:
    """Write a new kind, in service at once, and return its number; its code is made of its name, and is its own.

    Raises: NotAllowed, InvalidRequest.
    """
    check_national(session, actor)
    wanted = _checked(session, draft, kind_id=None)
    name = slug(wanted.label)
    codes = [name, *(f"{name}-{number}" for number in range(2, MOST_OF_A_NAME))]
    kind_id = next(found for code in codes if (found := _added(session, code, wanted)) is not None)
    _write_rights(session, kind_id, wanted)
    _write_quotas(session, kind_id, wanted)
    _record(session, actor, "kind-created", kind_id, {"label": wanted.label, "shape": wanted.shape.value}, now=now)
    return kind_id


def forget_kind(session: Session, actor: Actor, kind_id: int, *, now: datetime) -> KindDraft:
    """Take back the creation of a kind of which nothing exists; return what was written.

    Raises: NotAllowed, NotFound, KindInUse.
    """
    check_national(session, actor)
    _lock(session, kind_id, for_shape=True)
    draft = _draft(session, kind_id)
    if shape_is_fixed(session, kind_id):
        raise KindInUse(kinds=())
    try:
        with session.begin_nested():
            session.execute(text("DELETE FROM kind WHERE id = :id"), {"id": kind_id})
    except IntegrityError as error:  # a right, a meeting, a saved search that names it
        raise KindInUse(kinds=()) from error
    _record(session, actor, "kind-forgotten", kind_id, {"label": draft.label}, now=now)
    return draft


def change_kind(
    session: Session, actor: Actor, kind_id: int, draft: KindDraft, *, seen: KindDraft, now: datetime
) -> KindChanged:
    """Write a kind anew, unless it is no longer as it was `seen`; given back, `before` undoes it.

    Openings follow at once when the kind no longer opens on the same days. What was taken stands; what the openings
    no longer cover is returned. Raises: NotAllowed, NotFound, ChangedMeanwhile, ShapeFixed, InvalidRequest.
    """
    check_national(session, actor)
    _lock(session, kind_id, for_shape=draft.shape is not seen.shape)
    before = _draft(session, kind_id)
    if before != shaped(seen):
        raise ChangedMeanwhile(kind_id=kind_id, fields=tuple(differences(shaped(seen), before)))
    wanted = _checked(session, draft, kind_id=kind_id)
    if wanted.shape is not before.shape and shape_is_fixed(session, kind_id):
        raise ShapeFixed(kind_id=kind_id)
    changed = differences(before, wanted)
    if not changed:
        return KindChanged(before)
    _write(session, kind_id, wanted)
    _write_rights(session, kind_id, wanted)
    _write_quotas(session, kind_id, wanted)
    outside = (
        open_again(session, session.execute(IN_SERVICE, {"id": kind_id}).scalars(), now=now)
        if set(changed) & set(CLOSING_RULES)
        else ()
    )
    _record(session, actor, "kind-changed", kind_id, {"changed": changed}, now=now)
    return KindChanged(before, outside)


def set_in_service(session: Session, actor: Actor, kind_id: int, *, is_active: bool, now: datetime) -> bool:
    """Offer a kind no more, or again; return what it was before. What was taken of it stands.

    Raises: NotAllowed, NotFound, KindInUse for one that is the information meeting or the hearing of another.
    """
    check_national(session, actor)
    _lock(session, kind_id)
    was: bool = session.execute(text("SELECT is_active FROM kind WHERE id = :id"), {"id": kind_id}).scalar_one()
    if was == is_active:
        return was
    if not is_active and (kinds := tuple(session.execute(MEETING_OF, {"id": kind_id}).scalars())):
        raise KindInUse(kinds=kinds)
    session.execute(PUT_IN_SERVICE, {"id": kind_id, "is_active": is_active})
    _record(session, actor, "kind-back" if is_active else "kind-retired", kind_id, {}, now=now)
    return was


def is_national(session: Session, actor: Actor) -> bool:
    """Say whether somebody administers the country, for every kind."""
    countries = session.execute(COUNTRIES, {"level": TerritoryLevel.COUNTRY}).scalars().all()
    return any(
        right.role is Role.ADMINISTRATOR and right.kind_id is None and right.covers(territory_id=country)
        for right in actor.rights
        for country in countries
    )


def check_national(session: Session, actor: Actor) -> None:
    """Refuse whoever does not administer the country. Raises: NotAllowed."""
    if not is_national(session, actor):
        raise NotAllowed


def _lock(session: Session, kind_id: int, *, for_shape: bool = False) -> None:
    if session.execute(LOCK[for_shape], {"id": kind_id}).one_or_none() is None:
        raise NotFound(kind_id=kind_id)


def _draft(session: Session, kind_id: int) -> KindDraft:
    kind = session.exec(select(Kind).where(Kind.id == kind_id).execution_options(populate_existing=True)).one_or_none()
    if kind is None:
        raise NotFound(kind_id=kind_id)
    rows = session.exec(select(KindRight).where(KindRight.kind_id == kind_id).execution_options(populate_existing=True))
    rights = {Role(row.role): RoleRight(Role(row.role), row.may_reserve, row.may_set_hours) for row in rows}
    values = {name: getattr(kind, name) for name in COLUMNS} | {"shape": Shape(kind.shape)}
    quotas = tuple(
        QuotaLine(per=QuotaPeriod(row.per), most=row.most, organisation=row.organisation, territory=row.territory)
        for row in session.execute(QUOTAS, {"id": kind_id})
    )
    held = tuple(rights[role] for role in Role if role in rights)
    return shaped(KindDraft(**values, rights=held, quotas=quotas))


def _checked(session: Session, draft: KindDraft, *, kind_id: int | None) -> KindDraft:
    """Return the draft with what its shape does not use left as usual. Raises: InvalidRequest."""
    wanted = shaped(draft)
    if problems := problems_of(wanted):
        raise problems[0]
    if wanted.meeting_kind_id not in (None, *_offered(session, Shape.SLOTS, kind_id)):
        raise InvalidRequest("meeting_kind_id", "not-a-meeting")
    if wanted.hearing_kind_id not in (None, *_offered(session, Shape.SESSIONS, kind_id)):
        raise InvalidRequest("hearing_kind_id", "not-a-hearing")
    return wanted


def _offered(session: Session, shape: Shape, but_for: int | None) -> list[int]:
    """Return the other kinds of this shape that are in service."""
    rows = session.execute(OFFERED, {"shape": shape.value, "but_for": but_for})
    return list(rows.scalars())


def _added(session: Session, code: str, draft: KindDraft) -> int | None:
    number = session.execute(ADD, _row(draft) | {"code": code}).scalar()
    return None if number is None else int(number)


def _write(session: Session, kind_id: int, draft: KindDraft) -> None:
    kind = session.get_one(Kind, kind_id)
    for name in COLUMNS:
        setattr(kind, name, getattr(draft, name))
    session.flush()


def _write_rights(session: Session, kind_id: int, draft: KindDraft) -> None:
    session.execute(text("DELETE FROM kind_right WHERE kind_id = :id"), {"id": kind_id})
    rows = [
        {"id": kind_id, "role": one.role, "may_reserve": one.may_reserve, "may_set_hours": one.may_set_hours}
        for one in draft.rights
    ]
    add = text("INSERT INTO kind_right (kind_id, role, may_reserve, may_set_hours)"
               " VALUES (:id, :role, :may_reserve, :may_set_hours)")  # fmt: skip
    if rows:
        session.execute(add, rows)


def _write_quotas(session: Session, kind_id: int, draft: KindDraft) -> None:
    """Write the quotas of a kind. Raises: InvalidRequest when one is of nobody."""
    session.execute(text("DELETE FROM kind_quota WHERE kind_id = :id"), {"id": kind_id})
    for one in draft.quotas:
        said = {"organisation": one.organisation, "territory": one.territory, "per": one.per, "most": one.most}
        if session.execute(ADD_QUOTA, said | {"id": kind_id}).one_or_none() is None:
            raise InvalidRequest("quotas", "unknown-choice")


def _row(draft: KindDraft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in COLUMNS} | {"searchable": dumps(draft.searchable)}


def _record(session: Session, actor: Actor, act: str, kind_id: int, facts: dict[str, Any], *, now: datetime) -> None:
    record(session, actor, Act(act=act, subject=SUBJECT, subject_id=kind_id, at=now, facts=facts))
