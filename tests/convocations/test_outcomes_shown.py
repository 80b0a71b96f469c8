"""What the sheet of a booking and one's day show of appointments: outcomes, excuses, who acted by their link."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from booking.day import day
from booking.dossier import dossier
from booking.models import State
from booking.outcomes import excuse, note_outcome, undo_excuse
from booking.pages.dossier_words import View, view_of
from convocations.actions import convene
from convocations.bearing import cannot_come, choose
from convocations.models import Convocation
from convocations.queries import Query, Tab, convocation_lines
from tests.convocations.desk import HALF_PAST, NINE, TEN, Desk, bearer, make_desk
from tests.factories import NOW

AFTER = TEN + timedelta(hours=1)
ACTS = ("can_note_coming", "can_note_absence", "can_excuse", "can_undo_excuse")


@pytest.fixture
def desk(session: Session) -> Desk:
    return make_desk(session)


@pytest.fixture
def summoned(session: Session, desk: Desk) -> Convocation:
    return convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)


def sheet(session: Session, desk: Desk, summoned: Convocation, now: datetime) -> View:
    assert summoned.booking_id is not None
    session.flush()
    return view_of(dossier(session, desk.officer, summoned.booking_id, now=now), now=now)


def offered(view: View) -> list[str]:
    return [name for name in ACTS if getattr(view, name)]


def test_before_it_is_excused_or_convened_and_after_it_is_noted(
    session: Session, desk: Desk, summoned: Convocation
) -> None:
    before, after = (sheet(session, desk, summoned, now) for now in (NOW, AFTER))

    assert (offered(before), bool(before.convene_href)) == (["can_excuse"], True)
    assert (offered(after), after.convene_href) == (["can_note_coming", "can_note_absence", "can_excuse"], "")
    assert (before.state, after.state) == ("réservée", "à pointer")


def test_each_outcome_offers_the_other_and_an_excuse_its_undo(
    session: Session, desk: Desk, summoned: Convocation
) -> None:
    booking_id = summoned.booking_id
    assert booking_id is not None
    note_outcome(session, desk.officer, booking_id, State.HONOURED, now=AFTER)
    assert offered(sheet(session, desk, summoned, AFTER)) == ["can_note_absence", "can_excuse"]
    note_outcome(session, desk.officer, booking_id, State.MISSED, now=AFTER)
    assert offered(sheet(session, desk, summoned, AFTER)) == ["can_note_coming", "can_excuse"]
    excuse(session, desk.officer, booking_id, now=AFTER)
    assert offered(sheet(session, desk, summoned, AFTER)) == ["can_note_coming", "can_undo_excuse"]
    undo_excuse(session, desk.officer, booking_id, now=AFTER)

    view = sheet(session, desk, summoned, AFTER)
    assert offered(view) == ["can_note_coming", "can_excuse"]
    assert [line.sentence for line in view.history[-2:]] == [
        "Vous avez excusé l’absence.",
        "Vous avez annulé l’excuse.",
    ]


def test_whoever_acts_by_the_link_is_said_to_be_the_person(session: Session, desk: Desk, summoned: Convocation) -> None:
    choose(session, bearer(session, summoned), desk.at(HALF_PAST), seen=NINE, now=NOW)

    said = [line.sentence for line in sheet(session, desk, summoned, NOW).history]

    assert said[-1] == "La personne, par son lien, a déplacé le rendez-vous."


def test_the_day_counts_what_is_to_note_as_the_list_does(session: Session, desk: Desk, summoned: Convocation) -> None:
    assert day(session, desk.officer, now=NOW).to_note == 0
    assert day(session, desk.officer, now=AFTER).to_note == 1
    assert len(convocation_lines(session, desk.officer, Query(tab=Tab.TO_NOTE), now=AFTER)) == 1

    assert summoned.booking_id is not None
    note_outcome(session, desk.officer, summoned.booking_id, State.MISSED, now=AFTER)
    assert day(session, desk.officer, now=AFTER).to_note == 0


def test_the_day_counts_who_cannot_come_until_they_have_another_appointment(
    session: Session, desk: Desk, summoned: Convocation
) -> None:
    cannot_come(session, bearer(session, summoned), seen=NINE, now=NOW)
    session.flush()
    assert day(session, desk.officer, now=NOW).declined == 1

    convene(session, desk.officer, desk.person.id, desk.at(TEN), now=NOW + timedelta(seconds=1))
    session.flush()
    assert day(session, desk.officer, now=NOW + timedelta(seconds=2)).declined == 0
