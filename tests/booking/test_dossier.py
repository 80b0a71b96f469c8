"""One booking opened: who may, what they may still do, and what is written down of the look."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.calendars import Days, Status
from availability.errors import NotFound
from availability.rights import Role
from booking.actions import cancel
from booking.dossier import dossier
from booking.models import State
from booking.pages.dossier_words import view_of
from booking.pages.files import event_of
from booking.persons import search_name_of
from tests.booking.town import Town, judge, make_person, make_town, request, stay
from tests.factories import NOW, in_days, in_minutes, make_actor


@pytest.fixture
def town(session: Session) -> Town:
    return make_town(session, site={"address": "1 rue Fictive", "postcode": "42000", "commune": "Saint-Étienne"})


def looks(session: Session) -> int:
    return int(session.execute(text("SELECT count(*) FROM consultation")).scalar_one())


def test_a_hold_for_somebody_can_be_confirmed_and_given_back(session: Session, town: Town) -> None:
    held = stay(session, town, in_days(1), in_days(3), is_confirmed=False)
    view = view_of(dossier(session, town.officer, held.id, now=in_minutes(4)), now=in_minutes(4))

    assert (view.can_confirm, view.needs_whom, view.can_give_back, view.can_undo) == (True, False, True, False)
    assert (view.seconds_left, view.whom, view.by) == (360, "dossier 24/00123", "Vous")
    assert view.address == "1 rue Fictive, 42000 Saint-Étienne"


def test_a_hold_that_ended_can_only_be_looked_for_elsewhere(session: Session, town: Town) -> None:
    held = stay(session, town, in_days(1), in_days(3), is_confirmed=False)
    view = view_of(dossier(session, town.officer, held.id, now=in_minutes(10)), now=in_minutes(10))

    assert (view.can_confirm, view.can_give_back, view.is_lost, view.seconds_left) == (False, False, True, 0)
    assert view.calendar_href == ""
    assert view.map_href == (f"/carte/?type={town.nights.code}&du={in_days(1).isoformat()}&au={in_days(3).isoformat()}")


def test_a_place_given_back_can_be_taken_again_for_ten_minutes(session: Session, town: Town) -> None:
    booked = stay(session, town, in_days(1), in_days(3))
    cancel(session, town.officer, booked.id, now=NOW)

    seen = [dossier(session, town.officer, booked.id, now=in_minutes(at)).may_take_again for at in (0, 10, 10.1)]
    assert seen == [True, True, False]


def test_a_stay_that_is_over_cannot_be_given_back(session: Session, town: Town) -> None:
    booked = stay(session, town, in_days(0), in_days(1))
    after = NOW + timedelta(days=1)

    assert not view_of(dossier(session, town.officer, booked.id, now=after), now=after).can_give_back


def test_too_late_to_be_given_back_it_is_shown_with_its_reason_and_can_be_excused(session: Session, town: Town) -> None:
    town.nights.cancel_notice_min = 24 * 60
    booked = stay(session, town, in_days(2), in_days(3))
    in_time, late = in_minutes(60 * 13), in_minutes(60 * 15)  # a day before midnight there is at one in the morning
    views = [view_of(dossier(session, town.officer, booked.id, now=at), now=at) for at in (in_time, late)]

    assert [(view.can_give_back, view.can_excuse, view.why_kept.code) for view in views] == [
        (True, False, ""),
        (False, True, "too-late"),
    ]


def test_the_history_names_who_did_what_and_you(session: Session, town: Town) -> None:
    colleague = make_actor(Role.PROBATION_OFFICER, town.world.here)
    session.execute(
        text("INSERT INTO account (id, login, name, title, is_active) VALUES (:id, :login, 'Sacha Exemple', '', true)"),
        {"id": colleague.account_id, "login": search_name_of("sacha")},
    )
    booked = stay(session, town, in_days(1), in_days(3), by=colleague)
    cancel(session, town.officer, booked.id, now=in_minutes(3))
    view = view_of(dossier(session, town.officer, booked.id, now=in_minutes(3)), now=in_minutes(3))

    assert [line.sentence for line in view.history] == [
        "Sacha Exemple a gardé la place.",
        "Sacha Exemple a réservé la place.",
        "Vous avez rendu la place.",
    ]
    assert view.by == "Sacha Exemple"
    assert view.history[0].at.replace("\u00a0", " ") == "lun. 2 mars à 10 h"


def test_looking_at_somebody_is_written_down_once_and_a_case_is_nobody(session: Session, town: Town) -> None:
    person = make_person(session, town.world.here)
    with_person = stay(session, town, in_days(1), in_days(3), person=person)
    with_case = stay(session, town, in_days(1), in_days(3), bed=1)
    before = looks(session)
    dossier(session, town.officer, with_case.id, now=NOW, is_logged=True)
    dossier(session, town.officer, with_person.id, now=NOW)
    assert looks(session) == before

    found = dossier(session, town.officer, with_person.id, now=NOW, is_logged=True)
    assert looks(session) == before + 1
    assert view_of(found, now=NOW).whom == "Alix DÉMONSTRATION"
    last = session.execute(text("SELECT subject_id, actor_id FROM consultation ORDER BY id DESC LIMIT 1")).one()
    assert last == (str(person.id), town.officer.account_id)


def test_it_does_not_exist_for_a_stranger_nor_for_a_role_without_that_kind(session: Session, town: Town) -> None:
    booked = stay(session, town, in_days(1), in_days(3))

    for actor in (town.world.stranger, judge(town)):
        with pytest.raises(NotFound):
            dossier(session, actor, booked.id, now=NOW)


def test_the_calendar_has_the_nights_the_address_and_no_measure(session: Session, town: Town) -> None:
    booked = stay(session, town, in_days(1), in_days(3), person=make_person(session, town.world.here))
    event = event_of(dossier(session, town.officer, booked.id, now=NOW), "https://exemple.test")

    assert event.when == Days(in_days(1), in_days(3))
    assert (event.summary, event.location) == ("Réservation", "1 rue Fictive, 42000 Saint-Étienne")
    assert (event.status, event.sequence, event.uid) == (Status.CONFIRMED, 1, f"{booked.id}@placejuste")
    assert event.url == f"https://exemple.test/reservations/?reservation={booked.id}"


@pytest.mark.parametrize("ended", [State.CANCELLED, State.REQUESTED])
def test_the_calendar_says_how_sure_it_is(session: Session, town: Town, ended: State) -> None:
    asked = request(session, town, in_days(1), None)
    if ended is State.CANCELLED:
        cancel(session, town.officer, asked.id, now=NOW)
    event = event_of(dossier(session, town.officer, asked.id, now=NOW), "")

    assert event.status is (Status.CANCELLED if ended is State.CANCELLED else Status.TENTATIVE)
    assert event.when == Days(in_days(1))
