"""A file that passes from one service to another (dessaisissement): asked, accepted, refused, or automatic.

Either side may ask: the service to which the person moved, for the file; that which holds it, to hand it over. The
other one answers. One action a transition, one line of history each. Order of locks: the person, then the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select

from availability.claims import readable
from availability.errors import InvalidRequest, NotAllowed, NotFound, Refusal
from availability.history import Act, record
from availability.models import Territory
from availability.rights import Actor, Role
from availability.sealing import House, seal, unseal
from booking.models import Person
from booking.person_changes import end_followings
from booking.person_models import REASON_LENGTH, Divestment, DivestmentState, PersonFollowing
from booking.persons import tell_person
from booking.sealing import key_of

# Who follows people, and answers for the service: a family judge or a registry of the same court does not.
FOLLOWERS = (Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE)
ANSWERED_WITHIN = timedelta(days=10)
REMINDED_AFTER = timedelta(days=7)  # three days are left
SHOWN_ENDED = timedelta(days=15)
MOST_SHOWN = 100

DUE = text("SELECT id FROM divestment WHERE state = 'asked' AND due_at <= :now ORDER BY due_at, id")
TO_REMIND = text("""
    SELECT id FROM divestment WHERE state = 'asked' AND reminded_at IS NULL AND asked_at <= :asked_before
    ORDER BY asked_at, id""")
ANSWERS = "CASE WHEN d.asks_territory_id = d.to_territory_id THEN d.from_territory_id ELSE d.to_territory_id END"
TO_ANSWER = text(f"""
    SELECT count(*) AS count, min(d.due_at) AS due_at, count(*) FILTER (WHERE d.reminded_at IS NOT NULL) AS reminded
    FROM divestment d WHERE d.state = 'asked' AND {ANSWERS} = ANY(:territories)""")  # noqa: S608 - constants only
LISTED = text(f"""
    SELECT d.id, d.person_id, d.state, d.why_sealed, d.answer_sealed, d.asked_at, d.due_at, d.reminded_at, d.ended_at,
           d.from_territory_id, d.to_territory_id, f.name AS from_name, t.name AS to_name,
           {ANSWERS} = ANY(:territories) AS is_ours_to_answer, d.asks_territory_id = ANY(:territories) AS is_ours,
           p.family_name, p.given_name, p.birth_on, p.sex,
           (SELECT count(*) FROM booking b WHERE b.person_id = d.person_id AND b.territory_id = d.from_territory_id
            AND b.state = 'booked'
            AND coalesce(b.ends_at > :now, coalesce(b.until_on, 'infinity') > CAST(:now AS date))) AS to_come
    FROM divestment d JOIN territory f ON f.id = d.from_territory_id JOIN territory t ON t.id = d.to_territory_id
    JOIN person p ON p.id = d.person_id
    WHERE (d.from_territory_id = ANY(:territories) OR d.to_territory_id = ANY(:territories))
      AND (d.state = 'asked' OR d.ended_at > :since) AND (CAST(:id AS uuid) IS NULL OR d.id = :id)
      AND (CAST(:person_id AS uuid) IS NULL OR d.person_id = :person_id)
    ORDER BY d.state <> 'asked', d.due_at, d.id LIMIT :limit""")  # noqa: S608 - constants only


class AlreadyAsked(Refusal):
    """The file of this person is already asked for, or handed over: one at a time."""


class AlreadyAnswered(Refusal):
    """Somebody answered, the ten days are over, or it was taken back."""


@dataclass(frozen=True)
class ToAnswer:
    """What waits for the answer of the actor's services; `reminded` were recalled by the clock."""

    count: int
    due_at: datetime | None
    reminded: int


@dataclass(frozen=True, kw_only=True)
class ListedDivestment:
    """A divestment that one of the actor's services asks or is asked."""

    id: UUID
    person_id: UUID
    state: DivestmentState
    from_territory_id: int
    to_territory_id: int
    from_name: str
    to_name: str
    is_ours_to_answer: bool
    is_ours: bool  # asked by the actor's service
    family_name: str
    given_name: str
    birth_on: Any
    sex: str
    why: str
    answer: str
    asked_at: datetime
    due_at: datetime
    reminded_at: datetime | None
    ended_at: datetime | None
    to_come: int  # what the service that gives the file away has booked, and keeps


def ask(
    session: Session,
    actor: Actor,
    person_id: UUID,
    *,
    house: House,
    now: datetime,
    to_territory_id: int | None = None,
    why: str = "",
) -> Divestment:
    """Ask for a file that another service holds, or offer one's own to `to_territory_id`.

    Raises: NotFound, NotAllowed, InvalidRequest, AlreadyAsked.
    """
    person = _locked_person(session, person_id)
    ours = actor.territories(FOLLOWERS)
    holds = person.territory_id in ours
    receives = to_territory_id if holds else actor.home_territory_id
    if not holds and actor.home_territory_id not in ours:
        raise NotAllowed(act="ask-divestment")
    if receives is None or session.get(Territory, receives) is None:
        raise InvalidRequest("to_territory_id", "required" if receives is None else "unknown-choice")
    if receives == person.territory_id:
        raise InvalidRequest("to_territory_id", "same")
    if _open(session, person_id) is not None:
        raise AlreadyAsked(person_id=person_id)
    request = Divestment(
        person_id=person_id,
        from_territory_id=person.territory_id,
        to_territory_id=receives,
        asks_territory_id=person.territory_id if holds else receives,
        why_sealed=_sealed(session, house, person_id, "why", why),
        asked_by=actor.account_id,
        asked_at=now,
        due_at=now + ANSWERED_WITHIN,
    )
    session.add(request)
    _write_down(session, actor, request, now)
    return request


def accept(session: Session, actor: Actor, divestment_id: UUID, *, now: datetime) -> Divestment:
    """Let the file pass, or take it. Raises: NotFound, AlreadyAnswered."""
    locked = _locked(session, divestment_id, actor, answers=True)
    return _pass(session, actor, locked, DivestmentState.ACCEPTED, now)


def refuse(session: Session, actor: Actor, divestment_id: UUID, *, why: str, house: House, now: datetime) -> Divestment:
    """Keep the file where it is, and say why. Raises: NotFound, AlreadyAnswered, InvalidRequest."""
    if not why.strip():
        raise InvalidRequest("why", "required")
    request, _ = _locked(session, divestment_id, actor, answers=True)
    request.answer_sealed = _sealed(session, house, request.person_id, "why", why)
    return _end(session, actor, request, DivestmentState.REFUSED, now)


def withdraw(session: Session, actor: Actor, divestment_id: UUID, *, now: datetime) -> Divestment:
    """Take back what one's service asked. Raises: NotFound, AlreadyAnswered."""
    request, _ = _locked(session, divestment_id, actor, answers=False)
    return _end(session, actor, request, DivestmentState.WITHDRAWN, now)


def due(session: Session, *, now: datetime) -> list[UUID]:
    """Return what nobody answered in time."""
    return list(session.execute(DUE, {"now": now}).scalars())


def to_remind(session: Session, *, now: datetime) -> list[UUID]:
    """Return what nobody answered for a week, and was not recalled yet."""
    return list(session.execute(TO_REMIND, {"asked_before": now - REMINDED_AFTER}).scalars())


def settle(session: Session, divestment_id: UUID, *, now: datetime) -> Divestment | None:
    """Let a file pass without an answer, once its time has come; the clock does. None when it no longer waits."""
    try:
        locked = _locked(session, divestment_id, None, answers=True)
    except (NotFound, AlreadyAnswered):
        return None
    return _pass(session, None, locked, DivestmentState.AUTOMATIC, now) if locked[0].due_at <= now else None


def remind(session: Session, divestment_id: UUID, *, now: datetime) -> Divestment | None:
    """Recall to who should answer that they have three days left; once. None when it no longer waits."""
    try:
        request, _ = _locked(session, divestment_id, None, answers=True)
    except (NotFound, AlreadyAnswered):
        return None
    if request.reminded_at is None:
        request.reminded_at = now
        _write_down(session, None, request, now, act="divestment-reminded")
    return request


def to_answer(session: Session, actor: Actor) -> ToAnswer:
    """Return how many files others wait for an answer about; a line of one's day."""
    row = session.execute(TO_ANSWER, {"territories": sorted(actor.territories(FOLLOWERS))}).one()
    return ToAnswer(*row)


def divestments_for(
    session: Session,
    actor: Actor,
    *,
    house: House,
    now: datetime,
    divestment_id: UUID | None = None,
    person_id: UUID | None = None,
) -> list[ListedDivestment]:
    """Return what the actor's services ask and are asked, what waits first; then what ended these last days."""
    asked = {
        "territories": sorted(actor.territories(FOLLOWERS)),
        "now": now,
        "since": now - SHOWN_ENDED if divestment_id is None else datetime.min.replace(tzinfo=now.tzinfo),
        "id": divestment_id,
        "person_id": person_id,
        "limit": MOST_SHOWN,
    }
    return [_line(session, house, row) for row in session.execute(LISTED, asked).all()]


def _line(session: Session, house: House, row: Any) -> ListedDivestment:
    values = dict(row._mapping)
    person_key = key_of(session, house, row.person_id)
    for name in ("why", "answer"):
        sealed = values.pop(f"{name}_sealed")
        values[name] = unseal(person_key, bytes(sealed)) if sealed and person_key else ""
    return ListedDivestment(**values | {"state": DivestmentState(row.state)})


def _locked_person(session: Session, person_id: UUID) -> Person:
    person = session.get(Person, person_id, with_for_update={"key_share": True}, populate_existing=True)
    if person is None or person.merged_into is not None:
        raise NotFound(person_id=person_id)
    return person


def _locked(session: Session, divestment_id: UUID, actor: Actor | None, *, answers: bool) -> tuple[Divestment, Person]:
    """Return a divestment that still waits, locked, if it is for the actor to answer, or theirs to take back."""
    seen = session.get(Divestment, divestment_id, populate_existing=True)
    if seen is None:
        raise NotFound(divestment_id=divestment_id)
    asks = seen.asks_territory_id
    other = seen.from_territory_id if asks == seen.to_territory_id else seen.to_territory_id
    if actor is not None and (other if answers else asks) not in actor.territories(FOLLOWERS):
        raise NotFound(divestment_id=divestment_id)
    person = _locked_person(session, seen.person_id)
    request = session.get(Divestment, divestment_id, with_for_update=True, populate_existing=True)
    if request is None or request.person_id != person.id:
        raise NotFound(divestment_id=divestment_id)
    if request.state != DivestmentState.ASKED:
        raise AlreadyAnswered(divestment_id=divestment_id, state=DivestmentState(request.state))
    return request, person


def _open(session: Session, person_id: UUID) -> Divestment | None:
    query = select(Divestment).where(Divestment.person_id == person_id, Divestment.state == DivestmentState.ASKED)
    return session.exec(query).one_or_none()


def _pass(
    session: Session, actor: Actor | None, locked: tuple[Divestment, Person], state: DivestmentState, now: datetime
) -> Divestment:
    request, person = locked
    person.territory_id = request.to_territory_id
    person.revision += 1
    running = session.exec(
        select(PersonFollowing).where(PersonFollowing.person_id == person.id, col(PersonFollowing.until_on).is_(None))
    ).all()
    end_followings((one for one in running if one.territory_id == request.from_territory_id), now.date())
    if not any(one.territory_id == request.to_territory_id for one in running):
        asked_it = request.asked_by if request.asks_territory_id == request.to_territory_id else None
        is_theirs = actor is not None and request.to_territory_id in actor.territories(FOLLOWERS)
        session.add(
            PersonFollowing(
                person_id=person.id,
                territory_id=request.to_territory_id,
                officer_id=actor.account_id if actor and is_theirs else asked_it,
                since_on=now.date(),
            )
        )
    return _end(session, actor, request, state, now)


def _end(
    session: Session, actor: Actor | None, request: Divestment, state: DivestmentState, now: datetime
) -> Divestment:
    request.state, request.ended_at, request.ended_by = state, now, actor.account_id if actor else None
    _write_down(session, actor, request, now)
    return request


def _sealed(session: Session, house: House, person_id: UUID, field: str, words: str) -> bytes | None:
    said = readable(field, words).strip()
    if len(said) > REASON_LENGTH:
        raise InvalidRequest(field, "too-long", most=REASON_LENGTH)
    person_key = key_of(session, house, person_id)
    return seal(person_key, said) if said and person_key else None


def _write_down(session: Session, actor: Actor | None, request: Divestment, now: datetime, *, act: str = "") -> None:
    facts = {
        "divestment_id": str(request.id),
        "from_territory_id": request.from_territory_id,
        "to_territory_id": request.to_territory_id,
    }
    told = Act(
        act=act or f"divestment-{request.state}",
        subject="person",
        subject_id=request.person_id,
        person_id=request.person_id,
        at=now,
        facts=facts,
    )
    record(session, actor, told)
    tell_person(session, request.from_territory_id, request.to_territory_id)
