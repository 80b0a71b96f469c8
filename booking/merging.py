"""Two files of one person: what the second has goes to the first, and goes back when that was a mistake.

Every column of every table that says whose a row is stands here, moved or left with its reason: a test compares this
list with the catalogue of the database. Features above this one are named by their tables only. See
docs/decisions/0029-persons.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from availability.errors import NotFound, Refusal
from availability.history import Act, record_all
from availability.rights import Actor
from availability.sealing import House, Unreadable, seal, unseal
from booking.models import Person
from booking.person_changes import names_to_search
from booking.person_models import DivestmentState, PersonDistinct, PersonMerge
from booking.persons import person_for, tell_person
from booking.sealing import key_of

LOCK_NOT_AVAILABLE = "55P03"
TRIES = 30


@dataclass(frozen=True)
class Moved:
    """A table whose rows change hands, how each is named, and what of it is sealed with the key of its person."""

    table: str
    key: str = "id"
    sealed: tuple[str, ...] = ()
    unless: str = ""  # what of the person kept `k` says the same as the row `t` already: it is left


# In the order of docs/locking.md.
MOVED = (
    Moved("series"),
    Moved("booking", sealed=("reason_sealed",)),
    Moved("person_phone", sealed=("number_sealed",)),
    Moved("person_file"),
    Moved("person_following"),
    Moved("divestment", sealed=("why_sealed", "answer_sealed")),
    Moved("waiting_entry"),
    Moved("kept_apart", unless="k.group_id = t.group_id"),
    Moved("fitting_request", sealed=("address_sealed",)),
    Moved("convocation", sealed=("reason_sealed",)),
    Moved("import_known"),
    Moved("sms_refusal", key="at", unless="true"),  # one a person
    Moved(
        "lawyer_case",
        unless="k.account_id = t.account_id AND k.territory_id = t.territory_id"
        " AND k.ended_at IS NULL AND t.ended_at IS NULL",
    ),
    Moved("sms_number", key="encode(mark, 'hex')", unless="k.mark = t.mark"),
)
STAYS = {
    "history": "append-only: read for both files",
    "person_key": "what stays sealed with it must open",
    "attachment": "says which key opens the file on the disk",
}
# What is sealed with the key of the person of another row.
SEALED_BESIDE = {
    ("message", "body_sealed"): "convocation_id IN (SELECT id FROM convocation WHERE person_id = :person_id)",
    (
        "callback_request",
        "number_sealed",
    ): "convocation_id IN (SELECT id FROM convocation WHERE person_id = :person_id)",
    ("host_mail", "body_sealed"): "booking_id IN (SELECT id FROM booking WHERE person_id = :person_id)",
}
# What hangs on something that goes back goes with it, even when it was made since.
BOOKINGS_BACK = text("""
    WITH went AS (SELECT table_name, row_id FROM person_merge_move WHERE merge_id = :merge_id)
    SELECT b.id FROM booking b WHERE b.person_id = :kept AND (
        b.id IN (SELECT CAST(row_id AS uuid) FROM went WHERE table_name = 'booking')
        OR b.series_id IN (SELECT CAST(row_id AS uuid) FROM went WHERE table_name = 'series')
        OR b.id IN (SELECT c.booking_id FROM convocation c WHERE c.id IN (
            SELECT CAST(row_id AS uuid) FROM went WHERE table_name = 'convocation'))
        OR b.id IN (SELECT v.booking_id FROM fitting_visit v WHERE v.request_id IN (
            SELECT CAST(row_id AS uuid) FROM went WHERE table_name = 'fitting_request'))
        OR b.id IN (SELECT o.booking_id FROM waiting_offer o WHERE o.entry_id IN (
            SELECT CAST(row_id AS uuid) FROM went WHERE table_name = 'waiting_entry')))""")
BACK_WITH_BOOKINGS = text("""
    UPDATE convocation SET person_id = :absorbed WHERE person_id = :kept AND booking_id = ANY(:bookings)""")


class CannotMerge(Refusal):
    """These two files cannot be merged, or not unmerged, as they are: `why` says what is in the way."""


class FileBusy(Refusal):
    """Others are acting for one of the two at this moment, again and again: nothing was done."""


def merge(
    session: Session, actor: Actor, kept_id: UUID, absorbed_id: UUID, *, house: House, now: datetime
) -> PersonMerge:
    """Give everything that one file has to another of the same person, in this transaction; the first is then closed.

    Raises: NotFound, CannotMerge, FileBusy.
    """
    if kept_id == absorbed_id:
        raise CannotMerge(why="same")
    for person_id in (kept_id, absorbed_id):
        person_for(session, actor, person_id)
    _lock_all(session, [kept_id, absorbed_id])
    kept, absorbed = (person_for(session, actor, one) for one in (kept_id, absorbed_id))
    if _has_open_divestment(session, [kept_id, absorbed_id]):
        raise CannotMerge(why="divestment-open")
    keys = _keys(session, house, absorbed_id, kept_id)
    done = PersonMerge(kept_id=kept_id, absorbed_id=absorbed_id, by=actor.account_id, at=now)
    session.add(done)
    session.flush()
    _reseal(session, absorbed_id, *keys)
    counts = {one.table: _move(session, one, done) for one in MOVED}
    absorbed.merged_into = kept_id
    _take_address(done, (kept, absorbed), house, keys)
    moved = {name: count for name, count in counts.items() if count}
    _finish(session, actor, "person-merged", (kept, absorbed), now=now, merge_id=str(done.id), moved=moved)
    session.refresh(done)
    return done


def unmerge(session: Session, actor: Actor, merge_id: UUID, *, house: House, now: datetime) -> PersonMerge:
    """Give back what a merge moved, and what hangs on it; what was written since for the person kept stays theirs.

    Raises: NotFound, CannotMerge, FileBusy.
    """
    done = session.get(PersonMerge, merge_id)
    if done is None or done.undone_at is not None:
        raise NotFound(merge_id=merge_id)
    person_for(session, actor, done.kept_id)
    _lock_all(session, [done.kept_id, done.absorbed_id])
    session.refresh(done, with_for_update=True)
    if done.undone_at is not None:
        raise NotFound(merge_id=merge_id)
    kept, absorbed = person_for(session, actor, done.kept_id), session.get_one(Person, done.absorbed_id)
    if _has_open_divestment(session, [kept.id]):
        raise CannotMerge(why="divestment-open")
    absorbed_key, kept_key = _keys(session, house, absorbed.id, kept.id)
    _move_back(session, done)
    _reseal(session, absorbed.id, kept_key, absorbed_key)
    absorbed.merged_into = None
    _give_address_back(done, kept, house, kept_key)
    done.undone_at, done.undone_by = now, actor.account_id
    _finish(session, actor, "person-unmerged", (kept, absorbed), now=now, merge_id=str(done.id))
    session.refresh(done)
    return done


def merges_of(session: Session, kept_id: UUID) -> Sequence[PersonMerge]:
    """Return the merges into a file that stand, the latest first."""
    query = select(PersonMerge).where(PersonMerge.kept_id == kept_id, col(PersonMerge.undone_at).is_(None))
    return session.exec(query.order_by(col(PersonMerge.at).desc())).all()


def say_distinct(session: Session, actor: Actor, first_id: UUID, second_id: UUID, *, now: datetime) -> None:
    """Write down that two files are of two people: they are proposed no more. Twice is once. Raises: NotFound."""
    for person_id in (first_id, second_id):
        person_for(session, actor, person_id)
    low, high = sorted((first_id, second_id))
    if session.get(PersonDistinct, (low, high)) is None:
        session.add(PersonDistinct(first_id=low, second_id=high, by=actor.account_id, at=now))


def say_alike(session: Session, actor: Actor, first_id: UUID, second_id: UUID) -> None:
    """Take back that two files are of two people. Raises: NotFound."""
    for person_id in (first_id, second_id):
        person_for(session, actor, person_id)
    found = session.get(PersonDistinct, tuple(sorted((first_id, second_id))))
    if found is not None:
        session.delete(found)


def _lock_all(session: Session, person_ids: Sequence[UUID]) -> None:
    """Lock two files with all that they have. Nothing is waited for while anything is held.

    The people first, alone: whoever is taking a place for one of them is waited for, and nobody begins to. Then their
    rows, without waiting: who has one of them may be waiting for the people. If so everything is let go, they are
    waited for with nothing held, and it begins again.
    """
    session.flush()
    for _ in range(TRIES):
        try:
            with session.begin_nested():
                session.execute(_LOCK_PEOPLE, {"ids": sorted(person_ids)})
                for statement in _rows_to_lock(" NOWAIT"):
                    session.execute(statement, {"ids": list(person_ids)})
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != LOCK_NOT_AVAILABLE:
                raise
        else:
            session.expire_all()
            return
        for statement in _rows_to_lock(""):
            _wait_for(session, statement, person_ids)
    raise FileBusy(person_ids=[str(one) for one in person_ids])


class _LetGo(Exception):  # noqa: N818 - ends a savepoint
    """What was locked to wait for whoever had it is let go."""


def _wait_for(session: Session, statement: Any, person_ids: Sequence[UUID]) -> None:
    with suppress(_LetGo), session.begin_nested():
        session.execute(statement, {"ids": list(person_ids)})
        raise _LetGo


_LOCK_PEOPLE = text("SELECT id FROM person WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")


def _rows_to_lock(how: str) -> Iterator[Any]:
    for moved in MOVED:
        yield text(
            f"SELECT 1 FROM {moved.table} WHERE person_id = ANY(:ids) ORDER BY {moved.key} FOR UPDATE{how}"  # noqa: S608
        )
    for (table, _), whose in SEALED_BESIDE.items():
        mine = whose.replace("= :person_id", "= ANY(:ids)")
        yield text(f"SELECT 1 FROM {table} WHERE {mine} ORDER BY id FOR UPDATE{how}")  # noqa: S608


def _has_open_divestment(session: Session, person_ids: Sequence[UUID]) -> bool:
    query = text("SELECT 1 FROM divestment WHERE person_id = ANY(:ids) AND state = :state")
    return session.execute(query, {"ids": list(person_ids), "state": DivestmentState.ASKED}).first() is not None


def _keys(session: Session, house: House, *person_ids: UUID) -> list[bytes]:
    keys = [key_of(session, house, one) for one in person_ids]
    found = [one for one in keys if one is not None]
    if len(found) < len(keys):
        raise NotFound(person_ids=[str(one) for one in person_ids])
    return found


def _reseal(session: Session, person_id: UUID, before: bytes, after: bytes) -> None:
    """Seal with another key what the rows of somebody hold; what is not sealed with theirs is left as it is."""
    columns = [(moved.table, moved.key, name, "person_id = :person_id") for moved in MOVED for name in moved.sealed]
    columns += [(table, "id", name, whose) for (table, name), whose in SEALED_BESIDE.items()]
    for table, key, name, whose in columns:
        read = text(f"SELECT {key} AS key, {name} AS sealed FROM {table} WHERE {whose} AND {name} IS NOT NULL")  # noqa: S608
        write = text(f"UPDATE {table} SET {name} = :sealed WHERE {key} = :key")  # noqa: S608
        for row in session.execute(read, {"person_id": person_id}).all():
            with suppress(Unreadable):  # an e-mail sealed with the key of the installation
                session.execute(write, {"key": row.key, "sealed": seal(after, unseal(before, bytes(row.sealed)))})


def _move(session: Session, moved: Moved, done: PersonMerge) -> int:
    values = {"merge_id": done.id, "kept": done.kept_id, "absorbed": done.absorbed_id}
    which = "t.person_id = :absorbed"
    before = "'{}'::jsonb"
    if moved.unless:
        which += f" AND NOT EXISTS (SELECT FROM {moved.table} k WHERE k.person_id = :kept AND {moved.unless})"
    if moved.table == "person_phone":
        before = "jsonb_build_object('is_for_messages', is_for_messages)"
    noted = session.execute(
        text(f"""
            INSERT INTO person_merge_move (merge_id, table_name, row_id, before)
            SELECT :merge_id, '{moved.table}', CAST({moved.key} AS text), {before}
            FROM {moved.table} t WHERE {which}"""),  # noqa: S608 - constants only
        values,
    )
    if moved.table == "person_phone":
        session.execute(_STOP_MESSAGES, values)
    session.execute(text(f"UPDATE {moved.table} t SET person_id = :kept WHERE {which}"), values)  # noqa: S608
    return int(noted.rowcount)  # type: ignore[attr-defined]


_STOP_MESSAGES = text("""
    UPDATE person_phone SET is_for_messages = false WHERE person_id = :absorbed
      AND EXISTS (SELECT FROM person_phone k WHERE k.person_id = :kept AND k.is_for_messages)""")
# The number that received messages before does again, unless another of those that go back does now.
_MESSAGES_AGAIN = text("""
    UPDATE person_phone t SET is_for_messages = true FROM person_merge_move m
    WHERE m.merge_id = :merge_id AND m.table_name = 'person_phone' AND m.row_id = CAST(t.id AS text)
      AND (m.before ->> 'is_for_messages')::boolean AND t.until_on IS NULL AND t.person_id = :absorbed
      AND NOT EXISTS (SELECT FROM person_phone o WHERE o.person_id = :absorbed AND o.is_for_messages)""")


def _move_back(session: Session, done: PersonMerge) -> None:
    values = {"merge_id": done.id, "kept": done.kept_id, "absorbed": done.absorbed_id}
    bookings = list(session.execute(BOOKINGS_BACK, values).scalars())
    for moved in MOVED:
        session.execute(
            text(f"""
                UPDATE {moved.table} SET person_id = :absorbed
                WHERE person_id = :kept AND CAST({moved.key} AS text) IN (
                    SELECT row_id FROM person_merge_move
                    WHERE merge_id = :merge_id AND table_name = '{moved.table}')"""),  # noqa: S608 - constants only
            values,
        )
    session.execute(
        text("UPDATE booking SET person_id = :absorbed WHERE id = ANY(:bookings)"), values | {"bookings": bookings}
    )
    session.execute(BACK_WITH_BOOKINGS, values | {"bookings": bookings})
    session.execute(_MESSAGES_AGAIN, values)


def _take_address(done: PersonMerge, two: tuple[Person, Person], house: House, keys: Sequence[bytes]) -> None:
    """Have the file kept say where the person lives, when only the other one did."""
    (kept, absorbed), (absorbed_key, kept_key) = two, keys
    if kept.address_sealed is not None or absorbed.address_sealed is None:
        return
    address = unseal(absorbed_key, absorbed.address_sealed)
    done.address_index = house.blind_index(address)
    kept.address_sealed = seal(kept_key, address)
    if absorbed.point_sealed is not None:
        kept.point_sealed = seal(kept_key, unseal(absorbed_key, absorbed.point_sealed))
    kept.time_zone, kept.holiday_zone = absorbed.time_zone, absorbed.holiday_zone


def _give_address_back(done: PersonMerge, kept: Person, house: House, kept_key: bytes) -> None:
    """Forget an address that came from the other file, unless it was changed since."""
    if done.address_index is None or kept.address_sealed is None:
        return
    if house.blind_index(unseal(kept_key, kept.address_sealed)) == done.address_index:
        kept.address_sealed = kept.point_sealed = None
        kept.time_zone = kept.holiday_zone = ""


def _finish(
    session: Session, actor: Actor, act: str, two: tuple[Person, Person], *, now: datetime, **facts: Any
) -> None:
    session.flush()
    kept, absorbed = two
    kept.search_name = names_to_search(session, kept)
    for person in two:
        person.revision += 1
    told = {"kept_id": str(kept.id), "absorbed_id": str(absorbed.id)} | facts
    acts = [Act(act=act, subject="person", subject_id=one.id, person_id=one.id, at=now, facts=told) for one in two]
    record_all(session, actor, acts)
    tell_person(session, kept.territory_id, absorbed.territory_id)
    session.expire_all()
