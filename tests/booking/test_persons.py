"""People: found by those who follow them, read by those who say why, and erased for good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from availability.actions import take
from availability.claims import CaseClaim
from availability.errors import InvalidRequest, NotAllowed, NotFound
from availability.history import Act, Consultation, HistoryLine, record
from availability.models import Shape
from availability.rights import Actor, Right, Role
from availability.sealing import House, Unreadable, seal, unseal
from booking import actions
from booking.actions import Beneficiary, cancel, confirm, hold, undo_cancel
from booking.models import Booking, Person, PersonKey, State
from booking.person_phones import phones_of
from booking.persons import (
    NewPerson,
    age_on,
    consult_person,
    create_person,
    erase_person,
    find_persons,
    problems_of,
    profile_of,
    regions_of,
    search_name_of,
    time_at,
)
from booking.phones import AmbiguousNumber, regions_for
from booking.sealing import key_of
from portal.database import make_engine
from tests.availability.scarce import make_scarce, refused
from tests.booking.cycle import LATER, lines_of
from tests.conftest import Database
from tests.factories import (
    NOW,
    TODAY,
    World,
    in_days,
    in_minutes,
    make_actor,
    make_hearing,
    make_kind,
    make_resource,
    make_site,
    make_territory,
    make_world,
)
from tests.races import act, at_once, wait_until_somebody_waits

HOUSE = House(b"a secret of the tests, long enough")
ZEBULON = NewPerson(
    family_name="Zébulon-Fictif",
    given_name="Anatole",
    birth_on=date(1990, 4, 1),
    sex="M",
    file_number="ECROU-4242",
    phone="06 39 98 42 42",
    address="4 bis, rue des Fictions, 69003 Lyon",
)
# Everything that would tell who it is, as somebody could have written it.
TRACES = (
    "zébulon",
    "zebulon",
    "anatole",
    "1990-04-01",
    "ecrou-4242",
    "63998424",
    "6 39 98 42",
    "rue des fictions",
)


def open_file(session: Session, world: World, **changes: Any) -> Person:
    """Return a new person, followed here."""
    person = create_person(session, world.officer, replace(ZEBULON, **changes), house=HOUSE, now=NOW, fiction=True)
    session.flush()
    return person


def names_found(session: Session, actor: Actor, typed: str) -> list[str]:
    """Return the family names that a search gives."""
    return [line.family_name for line in find_persons(session, actor, typed)]


# Opening a file


def test_contact_details_end_sealed_and_are_read_again_by_who_asks(session: Session, world: World) -> None:
    person = open_file(session, world)

    read, phone, address = consult_person(session, world.officer, person.id, house=HOUSE, reason="booking", now=LATER)

    assert (read.id, phone, address) == (person.id, "+33639984242", "4 bis, rue des Fictions, 69003 Lyon")
    (kept,) = phones_of(session, person.id)
    assert (kept.number_index, kept.is_for_messages) == (HOUSE.blind_index("+33639984242"), True)
    assert (person.territory_id, person.created_at) == (world.here.id, NOW)


def test_a_file_may_have_no_contact_details(session: Session, world: World) -> None:
    person = open_file(session, world, phone="  ", address=" ")

    assert (list(phones_of(session, person.id)), person.address_sealed) == ([], None)
    assert consult_person(session, world.officer, person.id, house=HOUSE, reason="x", now=NOW)[1:] == ("", "")


def test_a_file_is_opened_only_by_those_who_hold_files(session: Session, world: World) -> None:
    here, there = frozenset({world.here.id}), frozenset({world.elsewhere.id})
    not_at_home = Actor(
        uuid4(),
        "Deux fonctions",
        (Right(Role.PARTNER, here), Right(Role.PROBATION_OFFICER, there)),
        world.here.id,
    )

    for actor in (world.host, make_actor(Role.ADMINISTRATOR, world.here), not_at_home):
        with refused(session, NotAllowed):
            create_person(session, actor, ZEBULON, house=HOUSE, now=NOW, fiction=True)


@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"family_name": " "}, "family_name", "required"),
        ({"family_name": "x" * 201}, "family_name", "too-long"),
        ({"family_name": "Zébulon\x00"}, "family_name", "unreadable"),
        ({"given_name": ""}, "given_name", "required"),
        ({"given_name": "A\ud800"}, "given_name", "unreadable"),
        ({"sex": "X"}, "sex", "unknown-choice"),
        ({"language": "xx"}, "language", "unknown-choice"),
        ({"birth_on": TODAY}, "birth_on", "not-a-birth-date"),
        ({"birth_on": in_days(1)}, "birth_on", "not-a-birth-date"),
        ({"birth_on": date(1905, 12, 31)}, "birth_on", "not-a-birth-date"),
        ({"file_number": "x" * 65}, "file_number", "too-long"),
        ({"file_number": "4242\x00"}, "file_number", "unreadable"),
        ({"address": "x" * 301}, "address", "too-long"),
        ({"address": "rue\x00"}, "address", "unreadable"),
        ({"phone": "12"}, "phone", "not-a-number"),
        ({"phone": "bonjour"}, "phone", "not-a-number"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_its_field(
    session: Session, world: World, changes: dict[str, Any], field: str, problem: str
) -> None:
    with refused(session, InvalidRequest) as refusal:
        open_file(session, world, **changes)

    assert (refusal.value.facts["field"], refusal.value.facts["problem"]) == (field, problem)


@pytest.mark.parametrize(
    "changes",
    [
        {"family_name": "x" * 200},
        {"file_number": "x" * 64},
        {"address": "x" * 300},
        {"address": "4, rue des Fictions\n69003 Lyon"},
        {"birth_on": in_days(-1)},
        {"birth_on": date(1906, 1, 1)},
        {"sex": "F"},
    ],
)
def test_the_last_possible_values_are_accepted(session: Session, world: World, changes: dict[str, Any]) -> None:
    assert open_file(session, world, **changes).id


def test_every_problem_is_said_at_once() -> None:
    nothing = NewPerson(family_name="", given_name="", birth_on=TODAY, sex="", phone="1")

    assert list(problems_of(nothing, today=TODAY, fiction=True)) == [
        "family_name",
        "given_name",
        "birth_on",
        "sex",
        "phone",
    ]
    assert problems_of(ZEBULON, today=TODAY, fiction=True) == {}


def test_a_phone_typed_overseas_is_read_there_and_never_guessed(session: Session, world: World) -> None:
    new = replace(ZEBULON, phone="75 12 34")
    asked = {"house": HOUSE, "now": NOW, "fiction": True}

    person = create_person(session, world.officer, new, regions=["NC"], **asked)
    session.flush()

    assert consult_person(session, world.officer, person.id, house=HOUSE, reason="x", now=NOW)[1] == "+687751234"
    with refused(session, AmbiguousNumber) as refusal:
        create_person(session, world.officer, new, regions=regions_for("NC"), **asked)
    assert [reading.region for reading in refusal.value.readings] == ["NC", "PM"]
    assert problems_of(new, today=TODAY, fiction=True, regions=regions_for("NC")) == {"phone": "ambiguous-number"}


@pytest.mark.parametrize(("day", "age"), [(date(2026, 3, 31), 35), (date(2026, 4, 1), 36), (date(2027, 3, 31), 36)])
def test_an_age_is_in_completed_years(day: date, age: int) -> None:
    assert age_on(ZEBULON.birth_on, day) == age


# Finding


@pytest.mark.parametrize(
    ("names", "searched"),
    [
        (("Éléonore", "MÜLLER"), "eleonore muller"),
        (("Lebœuf",), "leboeuf"),
        (("Strauß", "Łukasz", "Sørensen"), "strauss lukasz sorensen"),
        (("Jean-Pierre",), "jean pierre"),
        (("d’Artagnan",), "d artagnan"),
        (("d'Artagnan",), "d artagnan"),
        (("  N'Guessan ", "Ÿ"), "n guessan y"),
        (("Иванов",), "иванов"),
        (("%_\\",), ""),
    ],
)
def test_names_are_searched_without_accents_ligatures_or_signs(names: tuple[str, ...], searched: str) -> None:
    assert search_name_of(*names) == searched


@pytest.mark.parametrize(
    ("family_name", "typed"),
    [
        ("Müller", "muller"),
        ("Müller", "MÜLLER"),
        ("Müller", "Mullër anatole"),
        ("Müller", "anatole müller"),
        ("Müller", "mül"),
        ("Martinez", "martines"),
        ("Lefebvre", "lefevre"),
        ("Dupont", "dupond"),
        ("Dupont", "dupomt"),
        ("Lebœuf", "leboeuf"),
        ("Leboeuf", "lebœuf"),
        ("d’Artagnan", "d'artagnan"),
        ("Benmohamed", "ben mohamed"),
        ("Иванов", "иванов"),
    ],
)
def test_accents_and_slips_are_forgiven(session: Session, world: World, family_name: str, typed: str) -> None:
    open_file(session, world, family_name=family_name)
    open_file(session, world, family_name="Quelconque", given_name="Yvette")

    assert names_found(session, world.officer, typed) == [family_name]


@pytest.mark.parametrize("typed", ["", " ", "z", "%", "%%%", "__", "zzzzzz", "\x00\x00", "zeb\x00", "z\ud800b"])
def test_too_little_nonsense_or_signs_find_nobody(session: Session, world: World, typed: str) -> None:
    open_file(session, world, family_name="Quelconque")

    assert names_found(session, world.officer, typed) == []


@pytest.mark.parametrize(("typed", "is_found"), [("ECROU-4242", True), ("ecrou-4242 ", True), ("ECROU-424", False)])
def test_a_file_number_is_found_whole_in_any_case(session: Session, world: World, typed: str, is_found: bool) -> None:
    open_file(session, world)

    assert bool(names_found(session, world.officer, typed)) is is_found


def test_the_closest_name_comes_first_and_the_list_is_short(session: Session, world: World) -> None:
    for number in range(10):
        open_file(session, world, family_name=f"Martin{'x' * number}", given_name="A")

    found = names_found(session, world.officer, "martin")

    assert found[0] == "Martin"
    assert len(found) == 8
    assert len(find_persons(session, world.officer, "martin", limit=3)) == 3


def test_people_of_another_ressort_are_not_found_nor_read(session: Session, world: World) -> None:
    person = open_file(session, world)

    for stranger in (world.stranger, world.host, make_actor(Role.ADMINISTRATOR, world.here)):
        assert names_found(session, stranger, "zebulon") == []
        assert names_found(session, stranger, "ECROU-4242") == []
        with refused(session, NotFound):
            consult_person(session, stranger, person.id, house=HOUSE, reason="x", now=NOW)
    with refused(session, NotFound):
        consult_person(session, world.officer, uuid4(), house=HOUSE, reason="x", now=NOW)

    assert session.exec(select(Consultation)).all() == []


def test_a_look_at_somebody_is_logged_with_who_and_why(session: Session, world: World) -> None:
    person = open_file(session, world)

    consult_person(session, world.officer, person.id, house=HOUSE, reason="booking", now=LATER)
    profile_of(session, world.officer, person.id, house=HOUSE, now=LATER, is_shown=True)
    profile_of(session, world.officer, person.id, house=HOUSE, now=LATER, is_shown=False)

    looks = session.exec(select(Consultation).order_by(text("id"))).all()
    assert [(look.actor_id, look.subject_id, look.reason, look.at) for look in looks] == [
        (world.officer.account_id, str(person.id), "booking", LATER),
        (world.officer.account_id, str(person.id), "search", LATER),
    ]


# Erasing


def whole_database(session: Session, *, but: tuple[str, ...] = ()) -> str:
    """Return every row of every table as text, what is in bytes being read as text too."""
    tables = session.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
    assert {"history", "consultation", "booking", "person", "person_key", "answer"} <= set(tables)
    seen: list[str] = []
    for table in sorted(set(tables) - set(but)):
        for row in session.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608 - names of our tables
            seen.extend(value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row)
    return "\n".join(seen).lower()


def traces_in(said: str) -> list[str]:
    """Return what of somebody can be read in a text."""
    return [trace for trace in TRACES if trace in said or trace.encode().decode("latin-1") in said]


def a_life(session: Session, world: World) -> Person:
    """Return somebody with a past: looked at, placed, given back, with a sealed value in the history."""
    person = open_file(session, world)
    consult_person(session, world.officer, person.id, house=HOUSE, reason="booking", now=NOW)
    place = make_scarce(session, world, Shape.NIGHTS)
    booking = hold(session, world.officer, place.claim, now=NOW, beneficiary=Beneficiary(person_id=person.id))
    confirm(session, world.officer, booking.id, now=NOW)
    cancel(session, world.officer, booking.id, now=NOW)
    key = key_of(session, HOUSE, person.id)
    assert key is not None
    moved = Act(
        act="address-changed",
        subject="person",
        subject_id=person.id,
        person_id=person.id,
        at=NOW,
        facts={"field": "address"},
        sealed=seal(key, "4 bis, rue des Fictions"),
    )
    record(session, world.officer, moved)
    return person


def test_only_names_and_birth_date_are_in_clear_and_only_in_the_file(session: Session, world: World) -> None:
    a_life(session, world)

    assert traces_in(whole_database(session, but=("person",))) == []
    assert set(traces_in(whole_database(session))) == {"zébulon", "zebulon", "anatole", "1990-04-01", "ecrou-4242"}


def test_erasing_leaves_the_history_whole_and_nothing_to_read_in_it(session: Session, world: World) -> None:
    person = a_life(session, world)
    lines, looks = len(session.exec(select(HistoryLine)).all()), len(session.exec(select(Consultation)).all())
    old_key = key_of(session, HOUSE, person.id)

    erase_person(session, world.officer, person.id, now=LATER)
    session.flush()

    after = session.exec(select(HistoryLine).order_by(text("id"))).all()
    assert len(after) == lines + 1
    assert len(session.exec(select(Consultation)).all()) == looks
    assert (after[-1].act, after[-1].person_id, after[-1].facts) == ("person-erased", person.id, {})
    assert traces_in(whole_database(session)) == []
    # The sealed value is still there, and the only key that read it is not.
    (sealed,) = [line.sealed for line in after if line.sealed]
    assert old_key is not None
    assert unseal(old_key, sealed) == "4 bis, rue des Fictions"
    assert session.get(PersonKey, person.id) is None
    with pytest.raises(Unreadable):
        unseal(HOUSE.derived("person-keys"), sealed)


def test_whoever_is_erased_is_nobody(session: Session, world: World) -> None:
    person = open_file(session, world)
    erase_person(session, world.officer, person.id, now=NOW)
    session.flush()

    assert names_found(session, world.officer, "zebulon") == []
    with refused(session, NotFound):
        consult_person(session, world.officer, person.id, house=HOUSE, reason="x", now=NOW)
    with refused(session, NotFound):
        erase_person(session, world.officer, person.id, now=NOW)


def test_the_clock_may_erase_and_strangers_may_not(session: Session, world: World) -> None:
    person = open_file(session, world)

    with refused(session, NotFound):
        erase_person(session, world.stranger, person.id, now=NOW)
    erase_person(session, None, person.id, now=NOW)

    erasures = session.exec(select(HistoryLine).where(HistoryLine.act == "person-erased")).all()
    assert [line.actor_id for line in erasures] == [None]


def place_for(session: Session, world: World, person: Person, shape: Shape) -> Booking:
    """Return a booking for somebody, three days ahead (a hearing: seven)."""
    place = make_scarce(session, world, shape)
    booking = hold(session, world.officer, place.claim, now=NOW, beneficiary=Beneficiary(person_id=person.id))
    return confirm(session, world.officer, booking.id, now=NOW)


@pytest.mark.parametrize(
    ("shape", "over_in_days"), [(Shape.NIGHTS, 6), (Shape.PLACES, 33), (Shape.SLOTS, 4), (Shape.SESSIONS, 8)]
)
def test_nobody_is_erased_while_they_have_a_place_and_everybody_can_be_afterwards(
    session: Session, world: World, shape: Shape, over_in_days: int
) -> None:
    person = open_file(session, world)
    place_for(session, world, person, shape)

    for day in (0, 2):
        with refused(session, NotAllowed):
            erase_person(session, world.officer, person.id, now=in_minutes(day * 24 * 60))
    erase_person(session, world.officer, person.id, now=in_minutes(over_in_days * 24 * 60))

    assert session.get(Person, person.id) is None


@pytest.mark.parametrize(
    ("state", "is_kept"), [(State.HELD, True), (State.BOOKED, True), (State.CANCELLED, False), (State.LAPSED, False)]
)
def test_only_a_living_booking_keeps_somebody_from_being_erased(
    session: Session, world: World, state: State, is_kept: bool
) -> None:
    person = open_file(session, world)
    booking = place_for(session, world, person, Shape.PLACES)
    booking.state, booking.expires_at = state, LATER if state is State.HELD else None
    session.flush()

    if is_kept:
        with refused(session, NotAllowed):
            erase_person(session, world.officer, person.id, now=NOW)
    else:
        erase_person(session, world.officer, person.id, now=NOW)


def test_a_place_without_end_keeps_somebody_for_ever(session: Session, world: World) -> None:
    person = open_file(session, world)
    booking = place_for(session, world, person, Shape.PLACES)
    booking.until_on = None
    session.flush()

    with refused(session, NotAllowed):
        erase_person(session, world.officer, person.id, now=in_minutes(60 * 24 * 4000))


def test_a_hearing_of_today_keeps_somebody_until_it_is_over(session: Session, world: World) -> None:
    person = open_file(session, world)
    hearing = make_resource(session, world.site, make_kind(session, Shape.SESSIONS))
    make_hearing(session, hearing, starts_at=in_minutes(30), ends_at=in_minutes(90))
    claim = CaseClaim(resource_id=hearing.id, minutes=10)
    booking = hold(session, world.officer, claim, now=NOW, beneficiary=Beneficiary(person_id=person.id))
    confirm(session, world.officer, booking.id, now=NOW)

    with refused(session, NotAllowed):
        erase_person(session, world.officer, person.id, now=in_minutes(89))
    erase_person(session, world.officer, person.id, now=in_minutes(90))


def test_a_place_given_back_is_not_taken_back_for_somebody_erased_meanwhile(session: Session, world: World) -> None:
    person = open_file(session, world)
    booking = place_for(session, world, person, Shape.NIGHTS)
    cancel(session, world.officer, booking.id, now=NOW)
    erase_person(session, world.officer, person.id, now=NOW)
    session.flush()

    with refused(session, NotFound):
        undo_cancel(session, world.officer, booking.id, now=LATER)
    assert lines_of(session, booking.id)[-1][0] == "booking-cancelled"


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    """An engine with fewer connections than there are threads."""
    engine = make_engine(database.url, pool_size=32)
    yield engine
    engine.dispose()


def test_a_place_taken_while_somebody_is_erased_is_for_a_living_person(engine: Engine) -> None:
    def prepare(session: Session) -> tuple[Actor, list[tuple[UUID, Any]]]:
        world = make_world(session)
        return world.officer, [
            (open_file(session, world, phone="").id, make_scarce(session, world, Shape.NIGHTS).claim) for _ in range(16)
        ]

    officer, wanted = act(engine, prepare)

    acts: list[Callable[[], object]] = []
    for person_id, claim in wanted:
        beneficiary = Beneficiary(person_id=person_id)
        acts.append(partial(act, engine, hold, officer, claim, now=NOW, beneficiary=beneficiary))
        acts.append(partial(act, engine, erase_person, officer, person_id, now=NOW))
    at_once(acts)

    with Session(engine) as session:
        placed = set(session.exec(select(Booking.person_id)))
        living = set(session.exec(select(Person.id)))
    assert placed == living


def test_whoever_waits_for_an_erasure_keeps_the_place_from_nobody_meanwhile(engine: Engine) -> None:
    def prepare(session: Session) -> tuple[Actor, UUID, Any]:
        world = make_world(session)
        return world.officer, open_file(session, world, phone="").id, make_scarce(session, world, Shape.NIGHTS).claim

    officer, person_id, claim = act(engine, prepare)
    beneficiary = Beneficiary(person_id=person_id)

    with ThreadPoolExecutor(1) as threads, Session(engine) as erasing, erasing.begin():
        erasing.execute(text("SELECT 1 FROM person WHERE id = :id FOR UPDATE"), {"id": person_id})
        taking = threads.submit(act, engine, hold, officer, claim, now=NOW, beneficiary=beneficiary)
        wait_until_somebody_waits(engine)
        with Session(engine) as other:  # fails at once when the place is locked
            place = text("SELECT id FROM resource WHERE id = :id FOR NO KEY UPDATE NOWAIT")
            assert other.execute(place, {"id": claim.resource_id}).scalar() == claim.resource_id
        erasing.commit()

        assert taking.result(timeout=30).person_id == person_id


def test_control_a_person_read_without_lock_is_erased_under_the_booking(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(session: Session) -> tuple[Actor, UUID, Any]:
        world = make_world(session)
        person = open_file(session, world, phone="")
        return world.officer, person.id, make_scarce(session, world, Shape.NIGHTS).claim

    officer, person_id, claim = act(engine, prepare)

    def take_after_the_erasure(*args: Any) -> Any:
        act(engine, erase_person, officer, person_id, now=NOW)
        return take(*args)

    monkeypatch.setattr(actions, "keep_person", lambda *_: None)
    monkeypatch.setattr(actions, "take", take_after_the_erasure)
    act(engine, hold, officer, claim, now=NOW, beneficiary=Beneficiary(person_id=person_id))

    with Session(engine) as session:
        assert session.exec(select(Booking.person_id)).one() == person_id
        assert session.get(Person, person_id) is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("12 rue de la Fiction, 97400 Saint-Denis", ("Indian/Reunion", "974")),
        ("98800 Nouméa", ("Pacific/Noumea", "NC")),
        ("4 bis, rue des Fictions, 69003 Lyon", ("Europe/Paris", "")),
        ("67000 Strasbourg", ("Europe/Paris", "6AE")),
        ("Saint-Denis", ("", "")),  # near Paris, and on La Réunion
        ("chez un ami", ("", "")),
        ("  ", ("", "")),
    ],
)
def test_the_clock_of_an_address_is_that_of_its_commune_when_it_is_sure(
    address: str, expected: tuple[str, str]
) -> None:
    assert time_at(address) == expected


def test_a_new_person_has_the_clock_of_where_they_live(session: Session, world: World) -> None:
    person = open_file(session, world, address="12 rue de la Fiction, 97400 Saint-Denis")

    assert (person.time_zone, person.holiday_zone) == ("Indian/Reunion", "974")


def test_phones_are_read_in_the_territory_of_the_service_first(session: Session) -> None:
    here = make_territory(session)
    make_site(session, here, postcode="98800")

    assert regions_of(session, make_actor(Role.PROBATION_OFFICER, here))[0] == "NC"
    assert regions_of(session, make_actor(Role.PROBATION_OFFICER, make_territory(session)))[0] == "FR"
