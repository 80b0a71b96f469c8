"""What is changed of a person's file: identity, address, phones, file numbers, services that follow.

Each act locks the person's row (`FOR NO KEY UPDATE`: nobody who takes a place for them waits), raises its revision and
writes one line of history, that names fields and holds no value; the values before are sealed with the person's key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session, col, select, update

from availability.errors import InvalidRequest, NotFound, Refusal
from availability.history import Act, record
from availability.models import Territory
from availability.places import Place, locate
from availability.rights import Actor
from availability.sealing import House, seal, unseal
from booking.models import Person
from booking.person_models import FileKind, PersonFile, PersonFollowing, PersonPhone, PhoneKind, Said
from booking.person_phones import phone_for_messages
from booking.persons import NewPerson, person_for, problems_of, regions_of, search_name_of, tell_person, time_at
from booking.phones import can_receive_sms, read_phone
from booking.sealing import key_of

IDENTITY = ("family_name", "given_name", "usage_name", "aliases", "birth_on", "sex", "language", "file_number")
MOST_PHONES = 20
AHEAD = timedelta(hours=14)  # a day that has not begun in Greenwich may have where somebody lives: UTC+14 at most
MOST_FILES = 40
CONSENTS = (Said.ORAL, Said.WRITTEN, Said.LINK)
NAMES_OF_ABSORBED = text("""
    WITH RECURSIVE files AS (
        SELECT id FROM person WHERE merged_into = :id
        UNION ALL SELECT p.id FROM person p JOIN files ON p.merged_into = files.id)
    SELECT p.family_name, p.given_name, p.usage_name, p.aliases FROM person p JOIN files USING (id) ORDER BY p.id""")


class FileChanged(Refusal):
    """The file has changed since whoever acts read it."""


@dataclass(frozen=True, kw_only=True)
class NewPhone:
    """A number to call somebody at, as it was typed."""

    kind: PhoneKind
    typed: str
    since_on: date
    is_for_messages: bool = False


def locked_person(session: Session, actor: Actor, person_id: UUID, *, revision: int | None = None) -> Person:
    """Return a person of the actor's, locked; `revision` is the one that the actor has seen, None for any.

    Raises: NotFound, FileChanged.
    """
    person_for(session, actor, person_id)
    person = session.get(Person, person_id, with_for_update={"key_share": True}, populate_existing=True)
    if person is None or person.merged_into is not None:  # meanwhile
        raise NotFound(person_id=person_id)
    if revision is not None and person.revision != revision:
        raise FileChanged(person_id=person_id, revision=person.revision)
    return person


def change_person(
    session: Session,
    actor: Actor,
    person_id: UUID,
    changes: Mapping[str, Any],
    *,
    house: House,
    now: datetime,
    revision: int | None = None,
    point: Place | None = None,
) -> Person:
    """Change fields of the identity, or the address; `point` is where somebody said that the address is.

    Raises: NotFound, FileChanged, InvalidRequest.
    """
    person = locked_person(session, actor, person_id, revision=revision)
    person_key = _key(session, house, person_id)
    address = unseal(person_key, person.address_sealed) if person.address_sealed else ""
    before = {name: getattr(person, name) for name in IDENTITY} | {"address": address}
    after = before | {name: _tidy(value) for name, value in changes.items()}
    wanted = NewPerson(**after | {"aliases": tuple(after["aliases"])}, sex_unsaid=not before["sex"])
    for name, broken in problems_of(wanted, today=now.date(), fiction=True).items():
        raise InvalidRequest(name, broken)
    changed = sorted(name for name in after if after[name] != before[name])
    for name in set(changed) - {"address"}:
        setattr(person, name, after[name])
    person.search_name = names_to_search(session, person)
    if "address" in changed or point is not None:
        _live_at(person, person_key, after["address"], point)
    if changed:
        old = json.dumps({name: before[name] for name in changed}, default=str, ensure_ascii=False)
        _write_down(session, actor, person, "person-changed", now, sealed=seal(person_key, old), fields=changed)
    return person


def names_to_search(session: Session, person: Person) -> str:
    """Return everything by which somebody is found: their own names, and those of the files merged into theirs."""
    names = [person.family_name, person.given_name, person.usage_name, *person.aliases]
    for row in session.execute(NAMES_OF_ABSORBED, {"id": person.id}):
        names += [row.family_name, row.given_name, row.usage_name, *row.aliases]
    return search_name_of(*dict.fromkeys(names))


def add_phone(
    session: Session, actor: Actor, person_id: UUID, new: NewPhone, *, house: House, now: datetime, fiction: bool
) -> PersonPhone:
    """Add a number, read where the person lives first.

    Raises: NotFound, InvalidRequest, AmbiguousNumber when it is a number of several territories.
    """
    person = locked_person(session, actor, person_id)
    person_key = _key(session, house, person_id)
    address = unseal(person_key, person.address_sealed) if person.address_sealed else ""
    number = read_phone(new.typed, regions_of(session, actor, address), fiction=fiction)
    if new.since_on > _today_at_most(now):
        raise InvalidRequest("since_on", "out-of-range")
    _check_number(session, person_id, number, house.blind_index(number), for_messages=new.is_for_messages)
    phone = PersonPhone(
        person_id=person_id,
        kind=new.kind,
        number_sealed=seal(person_key, number),
        number_index=house.blind_index(number),
        since_on=new.since_on,
        created_at=now,
    )
    session.add(phone)
    session.flush()
    if new.is_for_messages:
        _give_messages_to(session, person_id, phone)
    _write_down(session, actor, person, "person-phone-added", now, phone_id=str(phone.id), kind=new.kind)
    return phone


def end_phone(
    session: Session, actor: Actor, person_id: UUID, phone_id: UUID, *, until_on: date, now: datetime
) -> PersonPhone:
    """Write down until when a number was somebody's: it receives nothing more. Raises: NotFound, InvalidRequest."""
    person = locked_person(session, actor, person_id)
    phone = _phone(session, person_id, phone_id)
    if not phone.since_on <= until_on <= _today_at_most(now):
        raise InvalidRequest("until_on", "out-of-range")
    phone.until_on, phone.is_for_messages = until_on, False
    _write_down(session, actor, person, "person-phone-ended", now, phone_id=str(phone_id))
    return phone


def reopen_phone(
    session: Session, actor: Actor, person_id: UUID, phone_id: UUID, *, receives: bool, now: datetime
) -> PersonPhone:
    """Take back, on the same day, that a number was no longer theirs. Raises: NotFound, InvalidRequest."""
    person = locked_person(session, actor, person_id)
    phone = _phone(session, person_id, phone_id)
    if phone.until_on != now.date():
        raise InvalidRequest("until_on", "out-of-range")
    phone.until_on = None
    if receives and phone_for_messages(session, person_id) is None:
        phone.is_for_messages = True
    _write_down(session, actor, person, "person-phone-reopened", now, phone_id=str(phone_id))
    return phone


def use_for_messages(
    session: Session, actor: Actor, person_id: UUID, phone_id: UUID, *, house: House, now: datetime
) -> PersonPhone:
    """Have a number receive the messages, instead of another. Raises: NotFound, InvalidRequest."""
    person = locked_person(session, actor, person_id)
    phone = _phone(session, person_id, phone_id)
    if phone.until_on is not None:
        raise InvalidRequest("phone", "over")
    if not can_receive_sms(unseal(_key(session, house, person_id), phone.number_sealed)):
        raise InvalidRequest("phone", "not-mobile")
    _give_messages_to(session, person_id, phone)
    _write_down(session, actor, person, "person-phone-chosen", now, phone_id=str(phone_id))
    return phone


def note_choice(
    session: Session, actor: Actor, person_id: UUID, phone_id: UUID, *, agrees: bool, how: Said, on: date, now: datetime
) -> PersonPhone:
    """Write down that somebody agrees to SMS on a number, or does not, and how they said so.

    The last word counts; history keeps all of them. Raises: NotFound, InvalidRequest.
    """
    person = locked_person(session, actor, person_id)
    phone = _phone(session, person_id, phone_id)
    if agrees and how not in CONSENTS:
        raise InvalidRequest("how", "unknown-choice")
    if on > _today_at_most(now) or on < phone.since_on:
        raise InvalidRequest("on", "out-of-range")
    at = now if on >= now.date() else datetime(on.year, on.month, on.day, 12, tzinfo=now.tzinfo)
    if agrees:
        phone.consent_at, phone.consent_how, phone.refused_at, phone.refused_how = at, how, None, ""
    else:
        phone.refused_at, phone.refused_how = at, how
    act = "person-phone-agreed" if agrees else "person-phone-refused"
    _write_down(session, actor, person, act, now, phone_id=str(phone_id), how=how, on=on.isoformat())
    return phone


def add_file(
    session: Session, actor: Actor, person_id: UUID, kind: FileKind, number: str, *, now: datetime
) -> PersonFile:
    """Add a file number; the same is there once. Raises: NotFound, InvalidRequest."""
    person = locked_person(session, actor, person_id)
    typed = " ".join(number.split())
    if not typed or not typed.isprintable() or len(typed) > 64:
        raise InvalidRequest("number", "required" if not typed else "too-long" if len(typed) > 64 else "unreadable")
    files = session.exec(select(PersonFile).where(PersonFile.person_id == person_id)).all()
    for file in files:
        if (file.kind, file.number.lower()) == (kind, typed.lower()):
            return file
    if len(files) >= MOST_FILES:
        raise InvalidRequest("number", "too-many")
    file = PersonFile(person_id=person_id, kind=kind, number=typed, created_at=now)
    session.add(file)
    _write_down(session, actor, person, "person-file-added", now, kind=kind)
    return file


def remove_file(session: Session, actor: Actor, person_id: UUID, file_id: UUID, *, now: datetime) -> PersonFile:
    """Remove a file number that was typed wrong, and return it, so that it can be put back. Raises: NotFound."""
    person = locked_person(session, actor, person_id)
    file = session.get(PersonFile, file_id)
    if file is None or file.person_id != person_id:
        raise NotFound(file_id=file_id)
    session.delete(file)
    _write_down(session, actor, person, "person-file-removed", now, kind=file.kind)
    return file


def follow_with(
    session: Session,
    actor: Actor,
    person_id: UUID,
    territory_id: int,
    *,
    now: datetime,
    since_on: date | None = None,
    officer_id: UUID | None = None,
) -> PersonFollowing:
    """Have a service follow somebody: it sees their file from now on; once, however often it is asked.

    Raises: NotFound, InvalidRequest.
    """
    person = locked_person(session, actor, person_id)
    since = since_on or now.date()
    if since > _today_at_most(now):
        raise InvalidRequest("since_on", "out-of-range")
    if session.get(Territory, territory_id) is None:
        raise InvalidRequest("territory_id", "unknown-choice")
    running = _running(session, person_id, territory_id)
    if running:
        running[0].officer_id = officer_id or running[0].officer_id
        following = running[0]
    else:
        following = PersonFollowing(
            person_id=person_id, territory_id=territory_id, officer_id=officer_id, since_on=since
        )
        session.add(following)
    _write_down(session, actor, person, "person-followed", now, territory_id=territory_id)
    return following


def stop_following(
    session: Session, actor: Actor, person_id: UUID, following_id: UUID, *, now: datetime
) -> PersonFollowing:
    """Write down that a service follows somebody no more. That which holds the file passes it on instead.

    Raises: NotFound, InvalidRequest.
    """
    person = locked_person(session, actor, person_id)
    following = session.get(PersonFollowing, following_id)
    if following is None or following.person_id != person_id or following.until_on is not None:
        raise NotFound(following_id=following_id)
    if following.territory_id == person.territory_id:
        raise InvalidRequest("following", "holds-the-file")
    following.until_on = max(now.date(), following.since_on)
    _write_down(session, actor, person, "person-unfollowed", now, territory_id=following.territory_id)
    return following


def follow_again(
    session: Session, actor: Actor, person_id: UUID, following_id: UUID, *, now: datetime
) -> PersonFollowing:
    """Take back, on the same day, that a service follows somebody no more. Raises: NotFound."""
    person = locked_person(session, actor, person_id)
    following = session.get(PersonFollowing, following_id)
    if following is None or following.person_id != person_id or following.until_on != now.date():
        raise NotFound(following_id=following_id)
    if not _running(session, person_id, following.territory_id):
        following.until_on = None
    _write_down(session, actor, person, "person-followed", now, territory_id=following.territory_id)
    return following


def end_followings(running: Iterable[PersonFollowing], on: date) -> None:
    """End services that follow, on a day; one that began since ends as it begins."""
    for following in running:
        following.until_on = max(on, following.since_on)


def _today_at_most(now: datetime) -> date:
    """Return the latest day that it is anywhere: days are said as they are where one is."""
    return (now + AHEAD).date()


def _tidy(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    return [one.strip() for one in value if one.strip()] if isinstance(value, (list, tuple)) else value


def _live_at(person: Person, person_key: bytes, address: str, point: Place | None) -> None:
    best = point or (locate(address).best if address else None)
    person.address_sealed = seal(person_key, address) if address else None
    person.point_sealed = seal(person_key, f"{best.lat},{best.lon},{best.source}") if best and address else None
    person.time_zone, person.holiday_zone = time_at(address)


def _check_number(session: Session, person_id: UUID, number: str, index: bytes, *, for_messages: bool) -> None:
    if for_messages and not can_receive_sms(number):
        raise InvalidRequest("phone", "not-mobile")
    phones = session.exec(select(PersonPhone).where(PersonPhone.person_id == person_id)).all()
    if any(one.number_index == index and one.until_on is None for one in phones):
        raise InvalidRequest("phone", "already-there")
    if len(phones) >= MOST_PHONES:
        raise InvalidRequest("phone", "too-many")


def _give_messages_to(session: Session, person_id: UUID, phone: PersonPhone) -> None:
    before = phone_for_messages(session, person_id)
    if before is not None and before.id != phone.id:
        before.is_for_messages = False
        session.flush()  # one at a time: the index is unique
    phone.is_for_messages = True


def _phone(session: Session, person_id: UUID, phone_id: UUID) -> PersonPhone:
    phone = session.get(PersonPhone, phone_id, populate_existing=True)
    if phone is None or phone.person_id != person_id:
        raise NotFound(phone_id=phone_id)
    return phone


def _running(session: Session, person_id: UUID, territory_id: int) -> list[PersonFollowing]:
    wanted = select(PersonFollowing).where(
        PersonFollowing.person_id == person_id,
        PersonFollowing.territory_id == territory_id,
        col(PersonFollowing.until_on).is_(None),
    )
    return list(session.exec(wanted.order_by(col(PersonFollowing.since_on))))


def _key(session: Session, house: House, person_id: UUID) -> bytes:
    person_key = key_of(session, house, person_id)
    if person_key is None:
        raise NotFound(person_id=person_id)
    return person_key


def _write_down(
    session: Session,
    actor: Actor,
    person: Person,
    act: str,
    now: datetime,
    *,
    sealed: bytes | None = None,
    **facts: Any,
) -> None:
    session.execute(update(Person).where(col(Person.id) == person.id).values(revision=Person.revision + 1))
    session.refresh(person, ["revision"])
    told = Act(act=act, subject="person", subject_id=person.id, person_id=person.id, at=now, facts=facts, sealed=sealed)
    record(session, actor, told)
    tell_person(session, person.territory_id)
