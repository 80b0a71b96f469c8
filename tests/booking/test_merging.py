"""Two files of one person: everything moves, everything goes back, and nobody who acts meanwhile loses anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from availability.errors import NotFound, Refusal
from availability.models import Kind, Resource, Shape
from availability.rights import Actor
from availability.sealing import seal, unseal
from booking import merging
from booking.actions import Beneficiary, confirm, hold
from booking.attachment_models import Attachment
from booking.divestment import ask
from booking.fitting_models import FittingRequest
from booking.hosting_models import HostMail
from booking.merging import MOVED, SEALED_BESIDE, STAYS, CannotMerge, merge, merges_of, say_alike, say_distinct, unmerge
from booking.models import Booking, Person, State
from booking.person_changes import NewPhone, add_file, add_phone, use_for_messages
from booking.person_models import FileKind, PhoneKind
from booking.person_phones import phone_for_messages
from booking.persons import (
    create_person,
    erase_person,
    find_persons,
    keep_living,
    living_id,
    person_for,
    search_name_of,
)
from booking.sealing import key_of
from booking.series_models import Series
from booking.waiting_models import WaitingEntry
from convocations.actions import convene, note_refusal
from convocations.answer_models import SmsNumber
from convocations.kinds import MessageKind
from convocations.models import Convocation, Message, SmsRefusal
from portal.database import make_engine
from tests.availability.scarce import make_scarce, refused
from tests.booking.test_persons import HOUSE, ZEBULON
from tests.conftest import Database
from tests.convocations.desk import NINE, make_desk
from tests.factories import NOW, World, in_days, in_minutes, make_kind, make_resource, make_world
from tests.races import act, at_once, wait_until_somebody_waits

NUMBERS = ("06 39 98 42 42", "06 39 98 43 43", "06 39 98 44 44")
COLUMNS = text("""
    SELECT c.table_name, c.column_name FROM information_schema.columns c
    JOIN information_schema.tables t USING (table_schema, table_name)
    WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name LIKE :like ORDER BY 1, 2""")
# What says that it happened, and the count of changes.
WITNESSES = {"history", "person_merge", "person_merge_move"}


def of_catalogue(session: Session, like: str) -> set[tuple[str, str]]:
    """Return the columns of our tables whose name is like this."""
    return {(row.table_name, row.column_name) for row in session.execute(COLUMNS, {"like": like})}


# Nothing is forgotten


def test_every_column_that_names_a_person_is_moved_or_left_for_a_reason(session: Session) -> None:
    known = {(one.table, "person_id") for one in MOVED} | {(table, "person_id") for table in STAYS}

    assert of_catalogue(session, "%person\\_id") == known
    others = text("""
        SELECT c.relname, a.attname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY(k.conkey)
        WHERE k.contype = 'f' AND k.confrelid = 'person'::regclass AND a.attname <> 'person_id'""")
    assert {tuple(row) for row in session.execute(others)} == {
        ("person", "merged_into"),
        ("person_distinct", "first_id"),
        ("person_distinct", "second_id"),
    }


def test_every_sealed_value_follows_its_key_or_is_known_to_stay(session: Session) -> None:
    resealed = {(one.table, name) for one in MOVED for name in one.sealed} | set(SEALED_BESIDE)
    own = {("person", "address_sealed"), ("person", "point_sealed")}
    stay = {("history", "sealed"), ("attachment", "name_sealed"), ("calendar_feed", "url_sealed")}
    stay |= {("people_import", "data_sealed")}  # a whole file, for a day, with a key of the house
    stay |= {("host_phone", "number_sealed")}  # of a site, with a key of the house
    stay |= {("case_call", "name_sealed")}  # of a case, for a month, with a key of the house
    stay |= {("second_factor", "sealed")}  # of an account, with a key of the house
    stay |= {("lawyer_date", "parties_sealed")}  # of a case, as its lawyer typed it, with a key of the house

    assert of_catalogue(session, "%sealed") == resealed | own | stay


# There and back again

PARTS = (
    "phone",
    "two-phones",
    "file",
    "booking",
    "series",
    "waiting",
    "fitting",
    "convocation",
    "refusal",
    "divestment",
    "attachment",
    "mail",
    "address",
    "reason",
    "mark",
)


class Life:
    """Somebody with any part of what people have here, as rows."""

    def __init__(self, session: Session, world: World, kind: Kind, place: Resource) -> None:
        self.session, self.world, self.kind, self.place = session, world, kind, place

    def somebody(self, parts: frozenset[str], number: int) -> Person:
        """Return a new person who has these parts."""
        address = "4 bis, rue des Fictions, 69003 Lyon" if "address" in parts else ""
        phone = NUMBERS[number] if "phone" in parts or "two-phones" in parts else ""
        new = replace(ZEBULON, phone=phone, address=address)
        person = create_person(self.session, self.world.officer, new, house=HOUSE, now=NOW, fiction=True)
        for part in sorted(parts - {"phone", "address"}):
            getattr(self, f"_{part.replace('-', '_')}")(person)
        self.session.flush()
        return person

    def _sealed(self, person: Person, words: str) -> bytes:
        key = key_of(self.session, HOUSE, person.id)
        assert key is not None
        return seal(key, words)

    def _two_phones(self, person: Person) -> None:
        new = NewPhone(kind=PhoneKind.RELATIVE, typed=NUMBERS[2], since_on=NOW.date())
        add_phone(self.session, self.world.officer, person.id, new, house=HOUSE, now=NOW, fiction=True)

    def _file(self, person: Person) -> None:
        add_file(self.session, self.world.officer, person.id, FileKind.PROSECUTION, "PARQUET-FICTIF-1", now=NOW)

    def _booked(self, person: Person, **columns: Any) -> Booking:
        booking = Booking(
            kind_id=self.kind.id,
            resource_id=self.place.id,
            territory_id=self.world.here.id,
            person_id=person.id,
            requested_by=uuid4(),
            state=State.BOOKED,
            starts_at=in_minutes(60),
            ends_at=in_minutes(90),
            created_at=NOW,
            **columns,
        )
        self.session.add(booking)
        self.session.flush()
        return booking

    def _booking(self, person: Person) -> None:
        self._booked(person)

    def _series(self, person: Person) -> None:
        series = Series(
            kind_id=self.kind.id,
            resource_id=self.place.id,
            territory_id=self.world.here.id,
            person_id=person.id,
            requested_by=uuid4(),
            measure="visits",
            total=3,
            begins_on=in_days(1),
            created_at=NOW,
        )
        self.session.add(series)
        self.session.flush()
        self._booked(person, series_id=series.id)

    def _waiting(self, person: Person) -> None:
        self.session.add(
            WaitingEntry(
                kind_id=self.kind.id,
                territory_id=self.world.here.id,
                requested_by=uuid4(),
                person_id=person.id,
                resource_id=self.place.id,
                label="une place",
                first_on=in_days(1),
                until_on=in_days(9),
                digest=uuid4().bytes,
                created_at=NOW,
            )
        )

    def _fitting(self, person: Person) -> None:
        self.session.add(
            FittingRequest(
                kind_id=self.kind.id,
                territory_id=self.world.here.id,
                person_id=person.id,
                measure="ddse",
                address_sealed=self._sealed(person, "1, rue des Fictions"),
                lat=45.0,
                lon=4.0,
                windows=[{"weekday": 0}],
                ordered_on=in_days(-1),
                requested_by=uuid4(),
                created_at=NOW,
            )
        )

    def _convocation(self, person: Person) -> None:
        convocation = Convocation(
            territory_id=self.world.here.id,
            person_id=person.id,
            kind_id=self.kind.id,
            resource_ids=[self.place.id],
            standing="set",
            booking_id=self._booked(person).id,
            requested_by=uuid4(),
            created_at=NOW,
        )
        self.session.add(convocation)
        self.session.flush()
        self.session.add(
            Message(
                convocation_id=convocation.id,
                kind=MessageKind.CONFIRMATION,
                state="sent",
                sent_at=NOW,
                due_at=NOW,
                useful_until=NOW,
                body_sealed=self._sealed(person, "Rendez-vous"),
                created_at=NOW,
            )
        )

    def _refusal(self, person: Person) -> None:
        note_refusal(self.session, self.world.officer, person.id, now=in_minutes(len(person.id.hex)), how="desk")

    def _divestment(self, person: Person) -> None:
        other = self.world.elsewhere.id
        request = ask(self.session, self.world.officer, person.id, house=HOUSE, now=NOW, to_territory_id=other, why="A")
        request.state, request.ended_at = "withdrawn", NOW

    def _attachment(self, person: Person) -> None:
        self.session.add(
            Attachment(
                booking_id=self._booked(person).id,
                person_id=person.id,
                what="other",
                name_sealed=self._sealed(person, "fiction.pdf"),
                media_type="application/pdf",
                size=1,
                digest=b"x",
                by=uuid4(),
                at=NOW,
            )
        )

    def _reason(self, person: Person) -> None:
        self._booked(person, reason="other", reason_sealed=self._sealed(person, "Un motif fictif"))

    def _mark(self, person: Person) -> None:
        self.session.add(SmsNumber(mark=b"one number of both", person_id=person.id, last_at=NOW))

    def _mail(self, person: Person) -> None:
        self.session.add(
            HostMail(
                booking_id=self._booked(person).id,
                kind="request",
                recipient="hote@exemple.test",
                state="sent",
                sent_at=NOW,
                due_at=NOW,
                useful_until=NOW,
                body_sealed=self._sealed(person, "Une demande"),
                created_at=NOW,
            )
        )


def told(session: Session, people: list[UUID]) -> dict[str, list[str]]:
    """Return all that is said of some people in every table, what is sealed being opened with the key of its owner."""
    session.flush()
    ids = {"ids": people}
    mine = {
        "person": "t.id = ANY(:ids)",
        "message": "t.convocation_id IN (SELECT id FROM convocation WHERE person_id = ANY(:ids))",
        "host_mail": "t.booking_id IN (SELECT id FROM booking WHERE person_id = ANY(:ids))",
    } | {table: "t.person_id = ANY(:ids)" for table, _ in of_catalogue(session, "person\\_id")}
    owners = {
        "person": "t.id",
        "message": "(SELECT person_id FROM convocation c WHERE c.id = t.convocation_id)",
        "host_mail": "(SELECT person_id FROM booking b WHERE b.id = t.booking_id)",
    }
    found: dict[str, list[str]] = {}
    for table in sorted(set(mine) - WITNESSES):
        owner = owners.get(table, "t.person_id")
        rows = session.execute(text(f"SELECT {owner} AS owner__, t.* FROM {table} t WHERE {mine[table]}"), ids)  # noqa: S608
        found[table] = sorted(str(opened(session, dict(row._mapping))) for row in rows)
    return found


def opened(session: Session, row: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return a row with its sealed values in clear."""
    key = key_of(session, HOUSE, row.pop("owner__"))
    row.pop("revision", None)
    return sorted(
        (name, unseal(key, bytes(value)) if name.endswith("sealed") and value and key else value)
        for name, value in row.items()
    )


@pytest.fixture
def life(session: Session, world: World) -> Life:
    """Somewhere to live."""
    kind = make_kind(session, Shape.SLOTS)
    return Life(session, world, kind, make_resource(session, world.site, kind))


EVERYTHING, NOTHING = frozenset(PARTS), frozenset[str]()


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(EVERYTHING, EVERYTHING)
@example(NOTHING, EVERYTHING)
@given(st.frozensets(st.sampled_from(PARTS)), st.frozensets(st.sampled_from(PARTS)))
def test_a_merge_moves_everything_and_undone_leaves_every_table_as_it_was(
    session: Session, life: Life, first: frozenset[str], second: frozenset[str]
) -> None:
    kept, absorbed = life.somebody(first, 0), life.somebody(second, 1)
    ids, officer = [kept.id, absorbed.id], life.world.officer
    before = told(session, ids)

    done = merge(session, officer, kept.id, absorbed.id, house=HOUSE, now=NOW)

    after = told(session, ids)
    for table in {one.table for one in MOVED if not one.unless}:
        assert len(after[table]) == len(before[table])
        assert str(absorbed.id) not in "".join(after[table])
    assert (session.get(SmsRefusal, kept.id) is not None) == ("refusal" in first | second)
    assert len(session.exec(select(SmsNumber).where(SmsNumber.person_id == kept.id)).all()) == (
        "mark" in first | second
    )
    numbers = {"phone", "two-phones"}
    assert (phone_for_messages(session, kept.id) is not None) == bool(numbers & (first | second))

    unmerge(session, officer, done.id, house=HOUSE, now=NOW)

    assert told(session, ids) == before


# What comes after


def two_files(session: Session, world: World, **changes: Any) -> tuple[Person, Person]:
    """Return two files of one person, each with a phone."""
    made = [
        create_person(
            session, world.officer, replace(ZEBULON, phone=one, **changes), house=HOUSE, now=NOW, fiction=True
        )
        for one in NUMBERS[:2]
    ]
    session.flush()
    return made[0], made[1]


def test_what_was_written_since_stays_but_what_hangs_on_what_goes_back_goes_with_it(session: Session) -> None:
    desk = make_desk(session)
    officer = desk.officer
    kept, absorbed = two_files(session, desk.world)
    moved = convene(session, officer, absorbed.id, desk.at(NINE), now=NOW)
    done = merge(session, officer, kept.id, absorbed.id, house=HOUSE, now=NOW)
    since = convene(session, officer, kept.id, desk.at(NINE, desk.colleague), now=NOW)
    series = text("UPDATE booking SET series_id = :series WHERE id = :id")
    late = hold(session, officer, desk.at(NINE.replace(hour=9)), now=NOW, beneficiary=Beneficiary(person_id=kept.id))
    whole = uuid4()
    for booking_id in (moved.booking_id, late.id):
        session.execute(series, {"series": whole, "id": booking_id})
    row = {"kind": desk.kind.id, "place": desk.agent.id, "here": desk.world.here.id, "id": whole, "kept": kept.id}
    session.execute(
        text("""
            INSERT INTO series (id, kind_id, resource_id, territory_id, person_id, case_ref, requested_by, measure,
                                total, minutes_a_day, rrule, begins_on, created_at)
            VALUES (:id, :kind, :place, :here, :kept, '', :id, 'visits', 2, 0, '', '2026-03-10', now())"""),
        row,
    )
    session.execute(
        text("INSERT INTO person_merge_move (merge_id, table_name, row_id) VALUES (:merge, 'series', :id)"),
        {"merge": done.id, "id": str(whole)},
    )

    unmerge(session, officer, done.id, house=HOUSE, now=NOW)

    session.expire_all()
    assert session.get_one(Convocation, moved.id).person_id == absorbed.id
    assert session.get_one(Convocation, since.id).person_id == kept.id
    assert session.get_one(Booking, late.id).person_id == absorbed.id  # a date of the series that went back


def test_the_number_chosen_since_keeps_the_messages_of_who_has_it(session: Session, world: World) -> None:
    kept, absorbed = two_files(session, world)
    more = NewPhone(kind=PhoneKind.MOBILE, typed=NUMBERS[2], since_on=NOW.date())
    second = add_phone(session, world.officer, absorbed.id, more, house=HOUSE, now=NOW, fiction=True)
    done = merge(session, world.officer, kept.id, absorbed.id, house=HOUSE, now=NOW)
    use_for_messages(session, world.officer, kept.id, second.id, house=HOUSE, now=NOW)
    session.flush()

    unmerge(session, world.officer, done.id, house=HOUSE, now=NOW)

    found = phone_for_messages(session, absorbed.id)
    assert found is not None
    assert found.id == second.id
    assert phone_for_messages(session, kept.id) is None  # nobody chose one for them since: it is theirs to say


def test_a_merged_file_is_found_by_all_its_names_and_opened_by_its_old_address(session: Session, world: World) -> None:
    kept, absorbed = two_files(session, world)
    absorbed.family_name, absorbed.search_name = "Quelconque-Fictif", search_name_of("Quelconque-Fictif", "Anatole")
    session.flush()

    done = merge(session, world.officer, kept.id, absorbed.id, house=HOUSE, now=NOW)

    assert [one.id for one in find_persons(session, world.officer, "quelconque")] == [kept.id]
    assert living_id(session, absorbed.id) == kept.id
    with refused(session, NotFound):
        person_for(session, world.officer, absorbed.id)
    assert [one.id for one in merges_of(session, kept.id)] == [done.id]
    unmerge(session, world.officer, done.id, house=HOUSE, now=NOW)
    assert [one.id for one in find_persons(session, world.officer, "quelconque")] == [absorbed.id]


def test_erasing_somebody_erases_every_file_that_was_merged_into_theirs(session: Session, world: World) -> None:
    first, second = two_files(session, world)
    third, _ = two_files(session, world)
    ids = [first.id, second.id, third.id]
    merge(session, world.officer, second.id, first.id, house=HOUSE, now=NOW)
    merge(session, world.officer, third.id, second.id, house=HOUSE, now=NOW)
    session.flush()

    erase_person(session, world.officer, ids[2], now=NOW)

    for table, column in (("person", "id"), ("person_key", "person_id"), ("person_phone", "person_id")):
        left = text(f"SELECT count(*) FROM {table} WHERE {column} = ANY(:ids)")  # noqa: S608 - constants
        assert session.execute(left, {"ids": ids}).scalar() == 0


def test_what_cannot_be_merged_is_refused_with_its_reason(session: Session, world: World) -> None:
    kept, absorbed = two_files(session, world)
    third, _ = two_files(session, world)
    officer = world.officer
    with refused(session, CannotMerge) as refusal:
        merge(session, officer, kept.id, kept.id, house=HOUSE, now=NOW)
    assert refusal.value.facts["why"] == "same"
    ask(session, officer, absorbed.id, house=HOUSE, now=NOW, to_territory_id=world.elsewhere.id)
    with refused(session, CannotMerge) as refusal:
        merge(session, officer, kept.id, absorbed.id, house=HOUSE, now=NOW)
    assert refusal.value.facts["why"] == "divestment-open"
    for stranger in (world.stranger, world.host):
        with refused(session, NotFound):
            merge(session, stranger, kept.id, third.id, house=HOUSE, now=NOW)

    inner = merge(session, officer, kept.id, third.id, house=HOUSE, now=NOW)
    with refused(session, NotFound):
        merge(session, officer, kept.id, third.id, house=HOUSE, now=NOW)
    with refused(session, NotFound):
        unmerge(session, world.stranger, inner.id, house=HOUSE, now=NOW)


def test_two_who_are_said_distinct_are_so_until_somebody_takes_it_back(session: Session, world: World) -> None:
    kept, absorbed = two_files(session, world)
    for _ in range(2):
        say_distinct(session, world.officer, absorbed.id, kept.id, now=NOW)
        session.flush()
    count = text("SELECT count(*) FROM person_distinct")
    assert session.execute(count).scalar() == 1

    say_alike(session, world.officer, kept.id, absorbed.id)
    session.flush()

    assert session.execute(count).scalar() == 0


# Races


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with as many connections as there are threads."""
    engine = make_engine(database.url, pool_size=32)
    yield engine
    engine.dispose()


FREE = text("SELECT id FROM person WHERE id = :id FOR UPDATE NOWAIT")


def orphans(engine: Engine, person_id: UUID) -> int:
    """Return how many rows still say that they are somebody's."""
    with Session(engine) as session:
        counts = [text(f"SELECT count(*) FROM {one.table} WHERE person_id = :id") for one in MOVED]  # noqa: S608
        return sum(int(session.execute(count, {"id": person_id}).scalar_one()) for count in counts)


def test_holding_convening_refusing_and_merging_at_once_leave_nothing_to_a_closed_file(engine: Engine) -> None:
    def prepare(session: Session) -> tuple[Actor, list[UUID], list[Any], list[Any]]:
        desk = make_desk(session)
        files = [one.id for _ in range(2) for one in two_files(session, desk.world)]
        beds = [make_scarce(session, desk.world, Shape.NIGHTS).claim for _ in range(6)]
        starts = [desk.at(NINE, agent) for agent in (desk.agent, desk.colleague)]
        starts += [desk.at(datetime(2026, 3, 10, 9, 0, tzinfo=UTC), agent) for agent in (desk.agent, desk.colleague)]
        return desk.officer, files, beds, starts

    officer, files, beds, starts = act(engine, prepare)
    kept, *absorbed = files

    def take(session: Session, claim: Any, person_id: UUID) -> UUID:
        booking = hold(session, officer, claim, now=NOW, beneficiary=Beneficiary(person_id=person_id))
        return confirm(session, officer, booking.id, now=NOW).id

    acts: list[Callable[[], object]] = [
        partial(act, engine, merge, officer, kept, one, house=HOUSE, now=NOW) for one in absorbed
    ]
    acts.append(partial(act, engine, merge, officer, absorbed[0], kept, house=HOUSE, now=NOW))
    acts += [partial(act, engine, take, claim, absorbed[i % 3]) for i, claim in enumerate(beds)]
    acts += [partial(act, engine, convene, officer, absorbed[i % 3], claim, now=NOW) for i, claim in enumerate(starts)]
    acts += [partial(act, engine, note_refusal, officer, one, now=NOW, how="link") for one in absorbed]
    answers = at_once(acts)

    merged = [one for one in answers[:4] if not isinstance(one, Refusal)]
    assert merged
    with Session(engine) as session:
        closed = session.execute(text("SELECT id FROM person WHERE merged_into IS NOT NULL")).scalars().all()
        living = keep_living(session, kept)
        assert living is not None
        assert session.get(SmsRefusal, living) is not None  # said of a file that is closed, it counts for this one
    assert len(closed) == len(merged)
    for person_id in closed:
        left = orphans(engine, person_id)
        with Session(engine) as session:  # a refusal that the file kept had already stays, and changes nothing
            assert left == int(session.get(SmsRefusal, person_id) is not None)
    taken = [one for one in answers if isinstance(one, UUID)]
    with Session(engine) as session:
        owners = {session.get_one(Booking, one).person_id for one in taken}
        assert owners.isdisjoint(closed)


def test_a_file_that_was_merged_while_it_was_waited_for_is_not_kept_from_anybody(engine: Engine) -> None:
    def prepare(session: Session) -> tuple[Actor, UUID, UUID]:
        world = make_world(session)
        kept, absorbed = two_files(session, world)
        return world.officer, kept.id, absorbed.id

    officer, kept, absorbed = act(engine, prepare)
    with Session(engine) as slow, Session(engine) as waiting:
        merge(slow, officer, kept, absorbed, house=HOUSE, now=NOW)
        found: list[UUID | None] = []
        waiter = Thread(target=lambda: found.append(keep_living(waiting, absorbed)))
        waiter.start()
        wait_until_somebody_waits(engine)
        slow.commit()
        waiter.join()

        assert found == [kept]
        with Session(engine) as other, pytest.raises(OperationalError):  # it keeps the one that is left
            other.execute(FREE, {"id": kept})
        with Session(engine) as other:
            assert other.execute(FREE, {"id": absorbed}).scalar() == absorbed


def test_control_without_the_lock_of_the_people_a_booking_is_left_to_a_closed_file(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(session: Session) -> tuple[Actor, UUID, UUID, Any]:
        world = make_world(session)
        kept, absorbed = two_files(session, world)
        return world.officer, kept.id, absorbed.id, make_scarce(session, world, Shape.NIGHTS).claim

    officer, kept, absorbed, claim = act(engine, prepare)

    def book_meanwhile(session: Session, person_ids: Any) -> None:
        act(engine, hold, officer, claim, now=NOW, beneficiary=Beneficiary(person_id=absorbed))

    def after_the_rows(session: Session, *two: Any) -> bool:
        book_meanwhile(session, two)
        return False

    monkeypatch.setattr(merging, "_lock_all", lambda *_: None)
    monkeypatch.setattr(merging, "_take_address", after_the_rows)
    act(engine, merge, officer, kept, absorbed, house=HOUSE, now=NOW)

    assert orphans(engine, absorbed) == 1


def test_whoever_has_a_row_is_waited_for_with_nothing_held(engine: Engine) -> None:
    def prepare(session: Session) -> tuple[Actor, UUID, UUID, UUID]:
        world = make_world(session)
        kept, absorbed = two_files(session, world)
        claim = make_scarce(session, world, Shape.NIGHTS).claim
        booking = hold(session, world.officer, claim, now=NOW, beneficiary=Beneficiary(person_id=absorbed.id))
        return world.officer, kept.id, absorbed.id, booking.id

    officer, kept, absorbed, booking_id = act(engine, prepare)

    def confirm_slowly(session: Session) -> None:
        # Has the booking, then wants the person: the order of every act on a booking.
        session.execute(text("SELECT 1 FROM booking WHERE id = :id FOR UPDATE"), {"id": booking_id})
        barrier.set()
        started.wait(10)
        confirm(session, officer, booking_id, now=NOW)

    barrier, started = Event(), Event()
    confirming = Thread(target=act, args=(engine, confirm_slowly))
    confirming.start()
    assert barrier.wait(10)
    merging_ = Thread(target=act, args=(engine, merge, officer, kept, absorbed), kwargs={"house": HOUSE, "now": NOW})
    merging_.start()
    wait_until_somebody_waits(engine)
    started.set()
    for one in (confirming, merging_):
        one.join(20)
        assert not one.is_alive()

    with Session(engine) as session:
        booking = session.get_one(Booking, booking_id)
        assert (booking.person_id, booking.state) == (kept, State.BOOKED)
