"""The outcomes of a day: who is listed, what waits, what each row offers; and what waits besides, by role."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.claims import SlotClaim
from availability.models import Resource, Shape
from availability.rights import Role
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.bulk import Asked, Bulk, Seen, do_one, each_asked
from booking.day_counts import Planning, fitting_delays, installation, planning_waits, presences_to_note
from booking.day_outcomes import Appointment, appointments_on, days_to_note
from booking.errors import AlreadyDecided, ChangedMeanwhile
from booking.models import Booking, State
from booking.outcomes import excuse, note_outcome
from booking.pages import day_outcomes_words as words
from booking.pages.day_waiting import Waiting, fitting_lines, installation_lines, planning_lines, presence_lines
from booking.pages.day_words import to_note_address, to_note_words
from booking.reasons import Reason
from tests.booking.court import make_court, solved
from tests.booking.fitting_town import a_request, make_fitting_town
from tests.booking.test_moving import NINE, booked, make_agents
from tests.booking.town import make_person
from tests.factories import NOW, World, make_actor, make_kind, make_opening, make_resource, make_site, make_world

ON = NINE.date()
AFTER = NINE + timedelta(hours=5)
HOUR = timedelta(hours=1)


@pytest.fixture
def world(session: Session) -> World:
    return make_world(session)


def make_day(session: Session, world: World) -> tuple[list[Resource], list[Booking]]:
    """Return two agents, and three appointments of a morning: at nine at both, then at ten."""
    one, other = make_agents(session, world)
    actor = world.officer
    return [one, other], [
        booked(session, actor, agent, NINE + at) for agent, at in ((one, 0 * HOUR), (other, 0 * HOUR), (one, HOUR))
    ]


def rows(found: list[Appointment], now: datetime = AFTER, **undoable: object) -> list[words.Row]:
    """Return the rows of appointments."""
    around = words.Around(now=now, undoable=undoable, problems={}, may_convene=True)
    return words.rows_of(found, around)


def test_a_day_lists_its_appointments_whatever_became_of_them_and_those_of_nobody_elses(
    session: Session, world: World
) -> None:
    _, (came, excused, given_back) = make_day(session, world)
    note_outcome(session, world.officer, came.id, State.HONOURED, now=AFTER)
    excuse(session, world.officer, excused.id, now=AFTER, reason=Reason("work"))
    cancel(session, world.officer, given_back.id, now=NOW)

    found = appointments_on(session, world.officer, ON, now=AFTER)

    assert {(one.line.id, one.line.state, one.reason) for one in found} == {
        (came.id, State.HONOURED, ""),
        (excused.id, State.EXCUSED, "work"),
    }
    assert appointments_on(session, world.officer, ON + words.A_DAY, now=AFTER) == []
    for stranger in (world.stranger, world.host, make_actor(Role.FAMILY_JUDGE, world.here)):
        assert appointments_on(session, stranger, ON, now=AFTER) == []


def test_who_said_that_they_cannot_come_is_shown_with_what_they_said_to_be_excused_by_a_letter(
    session: Session, world: World
) -> None:
    (agent, _), _ = make_day(session, world)
    person, ten = make_person(session, world.here), SlotClaim(resource_id=agent.id, start=NINE + 2 * HOUR)
    whom, them = Beneficiary(person_id=person.id), replace(world.officer, account_id=person.id)
    held = hold(session, world.officer, ten, now=NOW, beneficiary=whom)
    theirs = confirm(session, world.officer, held.id, now=NOW)
    cancel(session, them, theirs.id, now=NOW, reason=Reason("health"))

    def shown() -> words.Row | None:
        found = rows(appointments_on(session, world.officer, ON, now=AFTER))
        return next((row for row in found if row.id == str(theirs.id)), None)

    before, summary = shown(), words.summary(appointments_on(session, world.officer, ON, now=AFTER), AFTER)
    again = hold(session, world.officer, ten, now=NOW, beneficiary=whom)
    confirm(session, world.officer, again.id, now=NOW)
    expected_again = shown()
    cancel(session, world.officer, again.id, now=NOW)
    done = do_one(session, world.officer, Bulk.EXCUSE, Seen(theirs.id, theirs.revision), now=AFTER)
    after = shown()

    assert before is not None
    assert after is not None
    assert expected_again is None  # finally they come
    assert (before.said, before.letters, before.can_come) == (
        "A dit ne pas pouvoir venir\u00a0: santé, avec justificatif",
        "e",
        False,
    )
    assert "1\u00a0a prévenu" in summary
    assert (done.state, theirs.reason, after.answer) == (State.EXCUSED, "health", "e")


def test_a_day_is_the_civil_day_of_the_place(session: Session, world: World) -> None:
    far = make_site(session, world.here, time_zone="Pacific/Noumea")  # eleven hours before Greenwich
    agent = make_resource(session, far, make_kind(session, Shape.SLOTS, slot_step_min=60, slot_duration_min=60))
    begins = NINE.replace(hour=22)
    make_opening(session, agent, begins, hours=1)
    booked(session, world.officer, agent, begins)

    found = [len(appointments_on(session, world.officer, ON + number * words.A_DAY, now=NOW)) for number in range(2)]

    assert found == [0, 1]
    assert days_to_note(session, world.officer, now=begins + HOUR)[0].day == ON + words.A_DAY


def test_days_without_an_outcome_wait_until_it_is_noted_or_six_months_have_passed(
    session: Session, world: World
) -> None:
    (one, other), bookings = make_day(session, world)

    waiting = days_to_note(session, world.officer, now=AFTER)
    assert {(each.day, each.resource_id, each.count) for each in waiting} == {(ON, one.id, 2), (ON, other.id, 1)}
    assert days_to_note(session, world.officer, now=NINE + timedelta(minutes=90))[0].count == 1  # those that are over
    assert days_to_note(session, world.officer, now=AFTER + timedelta(days=184)) == []

    for booking in bookings:
        note_outcome(session, world.officer, booking.id, State.HONOURED, now=AFTER)
    assert days_to_note(session, world.officer, now=AFTER) == []


def test_outcomes_of_many_are_noted_each_by_its_own_act_and_a_refusal_leaves_the_others(
    session: Session, world: World
) -> None:
    _, (came, excused, given_back) = make_day(session, world)
    stale = Seen(came.id, came.revision + 7)
    cancel(session, world.officer, given_back.id, now=NOW)
    asked = [
        Asked(Bulk.EXCUSE, Seen(excused.id, None), Reason("health")),
        Asked(Bulk.MISSED, stale),
        Asked(Bulk.CAME, Seen(given_back.id, None)),
        Asked(Bulk.CAME, Seen(came.id, came.revision)),
    ]

    done = each_asked(session, world.officer, asked, now=AFTER)

    assert [one.state for one in done] == [State.EXCUSED, None, None, State.HONOURED]
    assert [type(one.refusal) for one in done[1:3]] == [ChangedMeanwhile, AlreadyDecided]
    assert (excused.reason, came.state) == ("health", State.HONOURED)


def test_a_row_says_what_may_be_noted_of_it_by_a_letter(session: Session, world: World) -> None:
    _, (first, second, third) = make_day(session, world)
    before = rows(appointments_on(session, world.officer, ON, now=NOW), now=NOW)
    note_outcome(session, world.officer, first.id, State.MISSED, now=AFTER)
    excuse(session, world.officer, second.id, now=AFTER, reason=Reason("transport"))
    found = appointments_on(session, world.officer, ON, now=AFTER)
    shown = {row.id: row for row in rows(found, **{str(first.id): object()})}

    assert {(row.said, row.letters, row.can_come) for row in before} == {("À venir", "e", False)}
    assert [(shown[str(one.id)].said, shown[str(one.id)].letters) for one in (first, second, third)] == [
        ("Absent(e)", "vaez"),
        ("Excusé(e)\u00a0: transport", "va"),
        ("À pointer", "vae"),
    ]
    assert words.summary(found, AFTER) == "3\u00a0rendez-vous\u00a0: 1\u00a0absent, 1\u00a0excusé, 1\u00a0à pointer"
    assert shown[str(first.id)].again_href == ""  # a case number: there is nobody to summon


@pytest.mark.parametrize(
    ("left", "noted", "label"), [(0, 3, ""), (1, 3, ""), (2, 0, "Les 2 sont venus"), (5, 2, "Les 5 autres sont venus")]
)
def test_all_are_noted_at_once_only_when_there_are_several(left: int, noted: int, label: str) -> None:
    assert words.all_label(left, noted) == label


def test_the_day_nags_politely_and_leads_to_the_oldest_day() -> None:
    since = NINE - timedelta(days=9)

    assert to_note_words(3, NINE, AFTER) == "3\u00a0rendez-vous à pointer"
    assert to_note_words(3, since, AFTER).endswith(", le plus ancien il y a\u00a09\u00a0jours")
    assert to_note_words(3, since, AFTER, late=2).endswith("dont 2 depuis plus d’une semaine")
    assert to_note_address(since, AFTER) == f"/issues-du-jour/?jour={since.date().isoformat()}"
    assert to_note_address(NINE, AFTER) == "/issues-du-jour/"


def test_days_that_wait_are_those_of_whom_one_looks_at(session: Session, world: World) -> None:
    (one, _), _ = make_day(session, world)
    found, today = days_to_note(session, world.officer, now=AFTER), ON + words.A_DAY

    everybody, hers = (words.late_days(found, ON, today, who)[0] for who in (words.EVERYBODY, str(one.id)))

    assert (everybody.label[-3:], everybody.is_shown) == ("(3)", True)
    assert hers.label.endswith("(2)")
    assert hers.href.endswith(f"&qui={one.id}")
    assert words.late_days(found, ON, ON, words.EVERYBODY) == []  # today is not late


def test_a_registry_reads_what_is_past_its_deadline_what_is_near_and_which_plan_waits(session: Session) -> None:
    court = make_court(session)
    court.hearing(session, in_days=7)
    court.hearing(session, in_days=15)
    for number, days in enumerate((-1, 20, 60)):
        court.case(session, number, deadline_on=NOW.date() + timedelta(days=days))
    solved(session, court)

    assert planning_waits(session, court.clerk, now=NOW) == Planning(plans=1, half_empty=1, late=1, near=1)
    assert planning_waits(session, court.stranger, now=NOW) == Planning(0, 0, 0, 0)


def test_bracelets_past_their_deadline_come_before_those_that_wait(session: Session) -> None:
    town = make_fitting_town(session, days=1)
    a_request(session, town)
    asked = [NOW + timedelta(days=days) for days in (0, 4, 30)]

    found = [fitting_delays(session, town.agent, now=now) for now in asked]

    assert [(delays.late, delays.near, count) for delays, count in found] == [(0, 0, 1), (0, 1, 1), (1, 0, 1)]
    assert fitting_lines(*found[2])[0].is_late


def test_who_receives_is_told_of_presences_to_note(session: Session, world: World) -> None:
    make_day(session, world)

    found = presences_to_note(session, world.host, now=AFTER)

    assert (found.count, found.oldest) == (3, ON)
    assert presences_to_note(session, world.officer, now=AFTER).count == 0
    assert presence_lines(found, ON + words.A_DAY) == [
        Waiting("3\u00a0présences à noter, la plus ancienne hier", f"/presences/?jour={ON.isoformat()}")
    ]


def test_an_administrator_is_told_of_agendas_without_hours_and_of_a_clock_that_stopped(
    session: Session, world: World
) -> None:
    administrator = make_actor(Role.ADMINISTRATOR, world.here)
    agents, (booking, *_) = make_day(session, world)
    begun = installation(session, administrator, now=NOW)
    session.execute(text("UPDATE opening SET ends_at = starts_at + interval '1 minute'"))
    session.execute(
        text("UPDATE booking SET state = 'held', expires_at = :at WHERE id = :id"),
        {"id": booking.id, "at": NOW - timedelta(minutes=30)},
    )
    later = installation(session, administrator, now=NOW + timedelta(days=30))

    assert (begun.without_hours, begun.stopped_min) == (0, 0)
    assert later.without_hours == len(agents)
    said = [one.words for one in installation_lines(installation(session, administrator, now=NOW))]
    assert said == [
        "L’horloge du service ne tourne plus depuis 30\u00a0min\u00a0: lancez «\u00a0placejuste doctor\u00a0»."
    ]


def test_nothing_that_waits_is_nothing_said() -> None:
    assert planning_lines(Planning(0, 0, 0, 0)) == []
    assert [one.words for one in planning_lines(Planning(1, 8, 2, 0))] == [
        "2\u00a0affaires sans audience après l’échéance",
        "1\u00a0répartition à appliquer",
        "8\u00a0audiences remplies à moins de la moitié, d’ici deux semaines",
    ]
    assert words.nag(0) == ""
    assert words.address(date(2026, 3, 2), date(2026, 3, 2)) == "/issues-du-jour/"
