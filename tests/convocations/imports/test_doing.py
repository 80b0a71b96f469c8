"""Exports done: whose each line is, what it creates, changes, moves and leaves; again, taken up, undone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from availability.errors import InvalidRequest, NotAllowed, NotFound, PeriodTaken
from availability.models import Shape
from availability.rights import Role
from booking.duplicates import expect_new, sought_of
from booking.errors import ChangedMeanwhile
from booking.models import Booking, Person, State
from booking.person_changes import change_person
from booking.person_models import PersonFile
from booking.persons import NewPerson, create_person
from convocations.actions import convene, withdraw
from convocations.import_models import ImportState, LineOutcome, PeopleImport, Stop
from convocations.imports.doing import Ways, do_line, undo_booking, undo_person
from convocations.imports.examples import hearings_example, people_example
from convocations.imports.previewing import read_lines
from convocations.imports.running import ToDo
from convocations.imports.sent import ImportOver, approve, call_off, decide, forget_data, import_for, sheet_of
from convocations.imports.stopping import stop, why_stopped
from convocations.models import Convocation
from tests import races
from tests.conftest import Database
from tests.convocations.desk import HALF_PAST, HOUSE, NINE, TEN, Desk, make_desk, planned, seats
from tests.convocations.imports.files import (
    APPI,
    DURAND,
    HEARINGS,
    MOREAU,
    counted,
    csv_of,
    done,
    looked_at,
    outcomes,
    sent,
)
from tests.factories import NOW, make_actor, make_hearing, make_kind, make_resource, make_world

NEW, KNOWN, CHANGED, MOVED = LineOutcome.NEW, LineOutcome.KNOWN, LineOutcome.CHANGED, LineOutcome.MOVED
DOUBTFUL, REFUSED = LineOutcome.DOUBTFUL, LineOutcome.REFUSED
AT_NINE = "C-1;10/03/2026;9h00;Agent A;241;FICTIF-MOREAU;Anatole;12/03/1990;06 39 98 55 01;Me Inventé;vol"
AT_HALF_PAST = "C-2;10 mars 2026;09:30;Agent A;242;FICTIVE-DURAND;Zoé;01/05/1985;;;"


def people(session: Session) -> list[Person]:
    """Return the people of the lists, by name."""
    return list(session.exec(select(Person).where(Person.family_name.startswith("FICTI")).order_by(Person.family_name)))


def booked(session: Session) -> dict[str, Booking]:
    """Return what is booked for the people of the lists, by the case."""
    rows = session.exec(
        select(Booking).where(Booking.case_ref.in_(["241", "242"])).execution_options(populate_existing=True)
    )
    return {row.case_ref: row for row in rows}


# People


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_the_export_of_appi_opens_files_and_does_nothing_the_second_time(session: Session, encoding: str) -> None:
    officer = make_world(session).officer
    data = csv_of(APPI, MOREAU, DURAND, encoding=encoding)
    first = sent(session, officer, data)
    assert (first.source, first.what, first.lines) == ("appi", "people", 2)
    assert outcomes(looked_at(session, officer, first)) == [NEW, NEW]

    assert counted(done(session, officer, first)) == {NEW: 2}
    again = sent(session, officer, data)
    assert outcomes(looked_at(session, officer, again)) == [KNOWN, KNOWN]
    assert counted(done(session, officer, again)) == {KNOWN: 2}

    moreau, durand = people(session)
    assert (moreau.file_number, moreau.sex, moreau.aliases, durand.usage_name) == ("D-101", "", ["Tolo"], "Martin")
    assert (moreau.birth_on.isoformat(), durand.given_name, durand.revision) == ("1990-03-12", "Zoé", 2)
    assert {one.number for one in session.exec(select(PersonFile))} == {"24100000001", "24100000002"}


def test_measures_judges_and_the_file_itself_are_kept_nowhere(session: Session) -> None:
    officer = make_world(session).officer
    made = sent(session, officer, csv_of(APPI, MOREAU))
    assert b"MOREAU" not in (made.data_sealed or b"MOREAU")

    done(session, officer, made)

    assert (made.state, made.data_sealed) == (ImportState.DONE, None)
    tables = ("person", "person_file", "person_following", "people_import", "import_line", "import_known", "history")
    for table in tables:
        rows = session.execute(text(f"SELECT to_jsonb(t) #>> '{{}}' FROM {table} t"))  # noqa: S608 - constants
        assert not [row for row in rows if any(word in row[0] for word in ("TIG", "Segment 2", "JAP 1"))]
    for table in ("people_import", "import_line", "import_known", "history"):
        rows = session.execute(text(f"SELECT to_jsonb(t) - 'columns' #>> '{{}}' FROM {table} t"))  # noqa: S608
        assert not [row for row in rows if any(word in row[0] for word in ("MOREAU", "D-101", "24100000001"))]


def test_somebody_known_by_name_day_and_number_is_not_opened_again_and_learns_what_is_new(session: Session) -> None:
    desk = make_desk(session)
    line = "Demonstration;Alix;;D-77;17/05/1990;35;;2410;Lixa;Bordeaux;;"
    made = sent(session, desk.officer, csv_of(APPI, line))
    (compared,) = looked_at(session, desk.officer, made).lines
    assert (compared.outcome, compared.person and compared.person.id) == (CHANGED, desk.person.id)
    assert set(compared.changes) == {"file_number", "prosecution", "aliases", "address"}

    assert counted(done(session, desk.officer, made)) == {CHANGED: 1}

    session.refresh(desk.person)
    assert (desk.person.file_number, desk.person.aliases, desk.person.address_sealed is None) == (
        "D-77",
        ["Lixa"],
        False,
    )
    assert outcomes(looked_at(session, desk.officer, sent(session, desk.officer, csv_of(APPI, line)))) == [KNOWN]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("DÉMONSTRATION;Alix;;;17/05/1990;;;;;;;", KNOWN),  # nothing more to say
        ("Alix;Démonstration;;;17/05/1990;;;;;;;", KNOWN),  # the two exchanged
        ("DÉMONSTRATION;Alyx;;;17/05/1990;;;;;;;", DOUBTFUL),  # a letter
        ("DÉMONSTRATION;Alix;;;17/05/1991;;;;;;;", DOUBTFUL),  # a digit
        ("DÉMONSTRATION;Alix;;;05/12/1970;;;;;;;", NEW),
        ("AUTRE-FICTIVE;Lou;;;17/05/1990;;;;;;;", NEW),
        ("DÉMONSTRATION;Alix;;;17/05/90;;;;;;;", REFUSED),  # asked
        ("DÉMONSTRATION;Alix;;;;;;;;;;", REFUSED),
        ("DÉMONSTRATION;;;;17/05/1990;;;;;;;", REFUSED),
    ],
)
def test_less_than_the_same_name_and_day_is_asked(session: Session, line: str, expected: LineOutcome) -> None:
    desk = make_desk(session)
    made = sent(session, desk.officer, csv_of(APPI, line))

    assert outcomes(looked_at(session, desk.officer, made)) == [expected]


def test_two_file_numbers_of_one_name_and_day_are_asked_and_the_answer_is_done(session: Session) -> None:
    desk = make_desk(session)
    change_person(session, desk.officer, desk.person.id, {"file_number": "D-1"}, house=HOUSE, now=NOW)
    line = "DÉMONSTRATION;Alix;;D-2;17/05/1990;;;;;;;"
    made = sent(session, desk.officer, csv_of(APPI, line))
    assert counted(done(session, desk.officer, made)) == {DOUBTFUL: 1}
    assert made.data_sealed is not None  # kept, for somebody has to answer

    decide(session, desk.officer, made.id, 2, "another")
    row = done(session, desk.officer, made)[2]

    assert (row.outcome, row.made_person, made.data_sealed) == (NEW, True, None)
    other = sent(session, desk.officer, csv_of(APPI, line.replace("D-2", "D-3")))
    decide(session, desk.officer, other.id, 2, str(desk.person.id))
    assert counted(done(session, desk.officer, other)) == {CHANGED: 1}
    assert "D-3" in {
        one.number for one in session.exec(select(PersonFile).where(PersonFile.person_id == desk.person.id))
    }


# Hearings


def listed(session: Session, desk: Desk, *lines: str, **options: object) -> PeopleImport:
    """Return an import of these hearings at the desk."""
    return sent(session, desk.officer, csv_of(HEARINGS, *lines), kind=desk.kind.code, **options)


def test_hearings_are_convened_with_nothing_typed_and_who_has_no_phone_gets_a_letter(session: Session) -> None:
    desk = make_desk(session)
    made = listed(session, desk, AT_NINE, AT_HALF_PAST)
    assert outcomes(looked_at(session, desk.officer, made)) == [NEW, NEW]

    rows = done(session, desk.officer, made)

    assert counted(rows) == {NEW: 2}
    assert [row.needs_letter for row in rows.values()] == [False, True]
    assert seats(session, desk.agent) == {NINE, HALF_PAST}
    first = session.exec(select(Convocation).where(Convocation.booking_id == rows[2].booking_id)).one()
    assert set(planned(session, first.id)) == {"confirmation", "reminder"}
    assert counted(done(session, desk.officer, listed(session, desk, AT_NINE, AT_HALF_PAST))) == {KNOWN: 2}
    assert len(people(session)) == 2


def test_a_hearing_that_moved_moves_its_convocation_and_its_messages(session: Session) -> None:
    desk = make_desk(session)
    first = done(session, desk.officer, listed(session, desk, AT_NINE))[2]
    later = listed(session, desk, AT_NINE.replace("9h00", "10 h"))
    assert outcomes(looked_at(session, desk.officer, later)) == [MOVED]

    assert counted(done(session, desk.officer, later)) == {MOVED: 1}

    assert booked(session)["241"].id == first.booking_id
    assert seats(session, desk.agent) == {TEN}
    made = session.exec(select(Convocation)).one()
    waiting = text("SELECT DISTINCT about_at FROM message WHERE convocation_id = :id AND state = 'planned'")
    assert session.execute(waiting, {"id": made.id}).scalars().all() == [TEN]


def test_one_that_a_whole_list_no_longer_has_is_called_off_only_when_somebody_says_so(session: Session) -> None:
    desk = make_desk(session)
    done(session, desk.officer, listed(session, desk, AT_NINE, AT_HALF_PAST))
    shorter = listed(session, desk, AT_NINE, is_whole=True)
    (gone,) = looked_at(session, desk.officer, shorter).gone
    assert (gone.name, gone.starts_at) == ("FICTIVE-DURAND Zoé", HALF_PAST)
    assert looked_at(session, desk.officer, listed(session, desk, AT_NINE)).gone == ()

    done(session, desk.officer, shorter)
    assert seats(session, desk.agent) == {NINE, HALF_PAST}
    last = listed(session, desk, AT_NINE.replace("C-1", "C-3").replace("9h00", "10h30"), AT_NINE, is_whole=True)
    call_off(session, desk.officer, last.id, [gone.known_id])
    rows = done(session, desk.officer, last)

    assert rows[-1].outcome == LineOutcome.CANCELLED
    assert booked(session)["242"].state == State.CANCELLED


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("9h00", "7h00"), "not-open"),
        (("10/03/2026", "01/03/2026"), "past"),
        (("Agent A", "Agent Z"), "unknown-place"),
        (("Agent A", ""), "several-places"),
        (("9h00", "9h65"), "not-an-hour"),
        (("10/03/2026", "10/03/26"), "two-digit-year"),
        (("12/03/1990", ""), "birth-needed"),
        (("C-1", f"{AT_NINE.replace('C-1', 'C-0')}\r\nC-1"), "taken-above"),
    ],
)
def test_what_cannot_be_convened_is_refused_with_its_column(
    session: Session, change: tuple[str, str], problem: str
) -> None:
    desk = make_desk(session)
    *_, compared = looked_at(session, desk.officer, listed(session, desk, AT_NINE.replace(*change))).lines

    assert (compared.outcome, compared.trouble and compared.trouble.problem) == (REFUSED, problem)
    assert compared.trouble.field if compared.trouble else False


def test_a_taken_slot_is_refused_and_what_was_convened_by_hand_is_known(session: Session) -> None:
    desk = make_desk(session)
    convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    by_hand = AT_NINE.replace("FICTIF-MOREAU;Anatole;12/03/1990", "DÉMONSTRATION;Alix;17/05/1990")
    made = listed(session, desk, AT_NINE.replace("C-1", "C-9"), by_hand)

    found = looked_at(session, desk.officer, made)
    rows = done(session, desk.officer, made)

    assert outcomes(found) == [REFUSED, CHANGED]
    assert (rows[2].problem, rows[3].outcome, rows[3].booking_id) == ("period-taken", CHANGED, None)
    assert people(session) == []  # nobody is opened for a line that was refused
    assert len(session.exec(select(Convocation)).all()) == 1


def test_what_was_called_off_here_is_left_so_until_the_list_says_another_hour(session: Session) -> None:
    desk = make_desk(session)
    done(session, desk.officer, listed(session, desk, AT_NINE))
    made = session.exec(select(Convocation)).one()
    withdraw(session, desk.officer, made.id, now=NOW)

    assert counted(done(session, desk.officer, listed(session, desk, AT_NINE))) == {KNOWN: 1}
    assert seats(session, desk.agent) == set()
    again = done(session, desk.officer, listed(session, desk, AT_NINE.replace("9h00", "9h30")))
    assert (again[2].outcome, seats(session, desk.agent)) == (NEW, {HALF_PAST})


def test_cases_are_placed_in_the_hearing_of_their_day_hour_and_room(session: Session) -> None:
    desk = make_desk(session)
    kind = make_kind(session, Shape.SESSIONS, label="audience")
    rooms = [make_resource(session, desk.world.site, kind, name=f"Audience salle {name}") for name in ("B1", "B2")]
    for room in rooms:
        make_hearing(session, room, starts_at=NINE, max_cases=1)
    heading = HEARINGS.replace("Agent;", "Salle;")
    lines = [AT_NINE.replace("Agent A", "B2"), AT_HALF_PAST.replace("09:30", "9h00").replace("Agent A", "B2")]
    made = sent(session, desk.officer, csv_of(heading, *lines), kind=kind.code)

    rows = done(session, desk.officer, made)

    assert [(row.outcome, row.problem) for row in rows.values()] == [(NEW, ""), (REFUSED, "capacity-reached")]
    assert booked(session)["241"].resource_id == rooms[1].id


# Rights, ends


def test_an_import_is_of_its_service_and_ends(session: Session) -> None:
    world = make_world(session)
    made = sent(session, world.officer, csv_of(APPI, MOREAU))

    with pytest.raises(NotFound):
        import_for(session, world.stranger, made.id)
    with pytest.raises(NotAllowed):
        sent(session, make_actor(Role.ADMINISTRATOR, world.here), csv_of(APPI, MOREAU))
    forget_data(session, now=NOW + timedelta(days=2))
    session.refresh(made)
    with pytest.raises(ImportOver):
        approve(session, world.officer, made.id, house=HOUSE, now=NOW)


def test_a_stopped_import_that_nobody_takes_over_ends_after_a_week_and_keeps_no_file(session: Session) -> None:
    world = make_world(session)
    made = sent(session, world.officer, csv_of(APPI, MOREAU))
    approve(session, world.officer, made.id, house=HOUSE, now=NOW)
    why = why_stopped(world.stranger, made.territory_id)
    assert why is Stop.RIGHTS_LOST
    assert why_stopped(world.officer, made.territory_id, receives=True) is None
    for is_first in (True, False):  # two clocks: the second finds it stopped
        one = ToDo(id=made.id, territory_id=made.territory_id, by=made.by, state=ImportState.RUNNING, dropped_as="")
        assert stop(session, one, why, now=NOW) is is_first

    def state(days: int) -> tuple[str, str, bool]:
        forget_data(session, now=NOW + timedelta(days=days))
        session.refresh(made)
        return made.state, made.stopped_why, made.data_sealed is not None

    assert state(6) == (ImportState.STOPPED, Stop.RIGHTS_LOST, True)
    assert state(8) == (ImportState.DONE, Stop.RIGHTS_LOST, False)


def test_columns_that_cannot_do_are_refused_before_anything(session: Session) -> None:
    officer = make_world(session).officer
    for heading, field in (("Nom;Prénom", "birth_on"), ("Prénom;Date de naissance", "family_name")):
        made = sent(session, officer, csv_of(heading, "FICTIF;Lou"))
        with pytest.raises(InvalidRequest) as caught:
            approve(session, officer, made.id, house=HOUSE, now=NOW)
        assert (caught.value.field, caught.value.problem) == (field, "column-missing")


# Undone


def test_an_import_undone_leaves_what_somebody_touched(session: Session) -> None:
    desk = make_desk(session)
    rows = done(session, desk.officer, listed(session, desk, AT_NINE, AT_HALF_PAST))
    _, durand = people(session)
    change_person(session, desk.officer, durand.id, {"sex": "F"}, house=HOUSE, now=NOW)
    own = [row.booking_id for row in rows.values() if row.booking_id]

    undone = [undo_booking(session, desk.officer, row, now=NOW) for row in rows.values()]
    erased = [undo_person(session, desk.officer, row, own, now=NOW) for row in rows.values()]

    assert (undone, erased) == ([True, True], [True, False])
    assert [one.id for one in people(session)] == [durand.id]
    assert seats(session, desk.agent) == set()
    assert counted(done(session, desk.officer, listed(session, desk, AT_NINE, AT_HALF_PAST))) == {NEW: 2}


# At once


def test_imports_of_one_file_and_a_convening_of_its_person_at_once_leave_one_of_each(database: Database) -> None:
    engine, ways = database.engine, Ways(house=HOUSE, fiction=True, now=NOW)

    def prepared(session: Session) -> tuple[Desk, list[UUID], list[object]]:
        desk = make_desk(session)
        line = AT_NINE.replace("FICTIF-MOREAU;Anatole;12/03/1990", "DÉMONSTRATION;Alix;17/05/1990")
        made = [listed(session, desk, line, AT_HALF_PAST) for _ in range(3)]
        lines = read_lines(made[0], sheet_of(made[0], house=HOUSE), now=NOW)
        return desk, [one.id for one in made], list(lines)

    desk, imports, lines = races.act(engine, prepared)

    def importing(import_id: UUID, line: object) -> Callable[[], object]:
        return lambda: races.act(engine, do_line, desk.officer, import_id, line, ways)

    acts = [importing(import_id, line) for import_id in imports for line in lines]
    acts += [lambda: races.act(engine, convene, desk.officer, desk.person.id, desk.at(NINE), now=NOW)] * 2
    answers = races.at_once(acts)

    assert set(races.refusals(answers)) <= {PeriodTaken, ChangedMeanwhile}
    with Session(engine) as session:
        assert seats(session, desk.agent) == {NINE, HALF_PAST}
        counts = ("convocation", "import_known", "person WHERE family_name LIKE 'FICTI%'")
        found = [session.execute(text(f"SELECT count(*) FROM {one}")).scalar() for one in counts]  # noqa: S608
        assert found == [2, 2, 1]


def test_the_examples_are_read_and_convened_as_they_are(session: Session) -> None:
    desk = make_desk(session)
    opened = done(session, desk.officer, sent(session, desk.officer, people_example()))
    hearings = sent(session, desk.officer, hearings_example(session, desk.officer, now=NOW))

    assert [(row.outcome, row.problem) for row in opened.values()] == [
        *[(NEW, "")] * 3, (REFUSED, "two-digit-year"), (REFUSED, "required"),
    ]  # fmt: skip
    assert counted(done(session, desk.officer, hearings)) == {NEW: 3}


def test_a_file_opened_while_a_line_is_compared_is_found_and_no_second_one_is_opened(database: Database) -> None:
    desk = races.act(database.engine, make_desk)
    made = races.act(database.engine, sent, desk.officer, csv_of(APPI, DURAND))
    (line,) = read_lines(made, sheet_of(made, house=HOUSE), now=NOW)
    new = NewPerson(family_name=line.family_name, given_name=line.given_name, birth_on=line.birth_on, sex="F")
    ways = Ways(house=HOUSE, fiction=True, now=NOW)

    with ThreadPoolExecutor(1) as beside:
        with Session(database.engine) as session, session.begin():
            expect_new(session, desk.officer, sought_of(new, ["FR"], house=HOUSE, fiction=True))
            create_person(session, desk.officer, new, house=HOUSE, now=NOW, fiction=True)
            session.flush()
            doing = beside.submit(races.act, database.engine, do_line, desk.officer, made.id, line, ways)
            races.wait_until_somebody_waits(database.engine)
        assert not doing.result().made_person

    with Session(database.engine) as session:
        assert len(people(session)) == 1
