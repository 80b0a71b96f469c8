"""What the sheet of a booking and one's day show of appointments: outcomes, excuses, who acted by their link."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from booking.day import day
from booking.dossier import dossier
from booking.models import State
from booking.outcomes import excuse, note_outcome, undo_excuse
from booking.pages.dossier_words import View, view_of
from booking.reasons import Reason
from booking.words import EXCUSE_WORDS
from convocations.actions import convene
from convocations.bearing import cannot_come, choose
from convocations.models import Convocation
from convocations.pages import convocation_sheet, convocation_words
from convocations.queries import Query, Tab, convocation_line, convocation_lines
from tests.convocations.desk import HALF_PAST, NINE, TEN, Desk, bearer, make_desk, planned, seats, sent
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


def test_what_somebody_gave_back_by_their_link_is_excused_in_one_press_and_they_are_told_nothing(
    session: Session, desk: Desk, summoned: Convocation
) -> None:
    sent(session, summoned.id)
    cannot_come(session, bearer(session, summoned), seen=NINE, now=NOW, reason=Reason("transport"))
    assert summoned.booking_id is not None

    def shown() -> tuple[list[str], bool, str, dict[str, datetime]]:
        line = convocation_line(session, desk.officer, summoned.id, now=AFTER)
        convoked = convocation_words.view_of(line, [], may_note=True, now=AFTER)
        view = sheet(session, desk, summoned, AFTER)
        assert convoked.can_excuse == view.can_excuse
        assert convoked.when.startswith("sans rendez-vous\u00a0; a rendu celui du mar.\u00a010\u00a0mars")
        listed = convocation_words.row_of(line, now=AFTER)
        assert (listed.when, listed.why) == (convoked.when, EXCUSE_WORDS["transport"])
        return offered(view), view.is_reason_said, convoked.answer, planned(session, summoned.id)

    before = shown()
    excuse(session, desk.officer, summoned.booking_id, now=NOW)  # while a cancellation would still be of use
    after = shown()
    undo_excuse(session, desk.officer, summoned.booking_id, now=NOW)

    assert before == (["can_excuse"], True, "a dit ne pas pouvoir venir", {})
    assert after == (["can_note_coming", "can_undo_excuse"], False, "a dit ne pas pouvoir venir, excusé(e)", {})
    assert shown() == before
    assert day(session, desk.officer, now=NOW).declined == 1  # they still have no other appointment


def test_who_is_excused_and_finally_comes_takes_their_hour_again_and_is_told_of_it(
    session: Session, desk: Desk, summoned: Convocation
) -> None:
    cannot_come(session, bearer(session, summoned), seen=NINE, now=NOW)
    given_back = summoned.booking_id
    assert given_back is not None
    excuse(session, desk.officer, given_back, now=NOW)

    choose(session, bearer(session, summoned), desk.at(NINE), seen=None, now=NOW)
    undo_excuse(session, desk.officer, given_back, now=NOW)
    excuse(session, desk.officer, given_back, now=NOW)

    assert summoned.booking_id not in (None, given_back)
    assert seats(session, desk.agent) == {NINE}
    assert sorted(planned(session, summoned.id)) == ["confirmation", "reminder"]  # neither is of what was given back


def test_once_a_file_has_passed_its_former_service_reads_whose_it_is_and_no_name(
    session: Session, desk: Desk, summoned: Convocation
) -> None:
    named = convocation_sheet._name(session, desk.officer, summoned.id, NOW)
    desk.person.territory_id = desk.world.elsewhere.id
    session.execute(text("UPDATE person_following SET until_on = :on"), {"on": NOW.date()})

    told = convocation_sheet._name(session, desk.officer, summoned.id, NOW)

    assert "Alix" in named
    assert told == f"A.D., dossier passé à un autre service\u00a0: {desk.world.elsewhere.name}"


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
