"""One's day: what waits, what happens today, what was lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from availability.claims import CaseClaim, NightsClaim, SlotClaim
from availability.models import Shape
from availability.rights import Role
from booking.actions import Beneficiary, accept, cancel, confirm, hold, lapse, refuse
from booking.agenda_models import OwnAgenda
from booking.day import SHOWN, Ending, Moment, Wait, day, time_zone_of
from booking.models import State
from booking.outcomes import note_outcome
from booking.pages.day_words import to_note_address, today_cards
from tests.booking.town import Town, judge, make_person, make_town, request, stay
from tests.factories import (
    NOW,
    in_days,
    in_minutes,
    make_actor,
    make_hearing,
    make_kind,
    make_opening,
    make_resource,
    make_site,
    make_territory,
)


@pytest.fixture
def town(session: Session) -> Town:
    return make_town(session)


def test_nothing_is_an_empty_day(session: Session, town: Town) -> None:
    found = day(session, town.officer, now=NOW)

    assert (found.to_do, found.today, found.lost) == ((), (), ())
    assert (found.to_do_count, found.to_answer, found.today_count, found.lost_count) == (0, 0, 0, 0)


def test_ones_own_holds_wait_the_most_urgent_first(session: Session, town: Town) -> None:
    colleague = make_actor(Role.PROBATION_OFFICER, town.world.here)
    stay(session, town, in_days(3), in_days(4), case_ref="second", is_confirmed=False)
    stay(session, town, in_days(5), in_days(6), case_ref="first", is_confirmed=False, now=in_minutes(-5))
    stay(session, town, in_days(7), in_days(8), case_ref="over", is_confirmed=False, now=in_minutes(-10))
    stay(session, town, in_days(9), in_days(10), case_ref="theirs", is_confirmed=False, by=colleague)

    waits = [(one.wait, one.line.case_ref) for one in day(session, town.officer, now=NOW).to_do]
    assert waits == [(Wait.CONFIRM, "first"), (Wait.CONFIRM, "second")]


def test_a_request_waits_for_its_host_at_once_and_for_who_asked_when_it_is_about_to_lapse(
    session: Session, town: Town
) -> None:
    request(session, town, in_days(1), None)
    later = NOW + timedelta(days=town.posts.request_days - 2)

    assert [one.wait for one in day(session, town.world.host, now=NOW).to_do] == [Wait.ANSWER]
    assert day(session, town.world.host, now=NOW).to_answer == 1
    assert day(session, town.officer, now=NOW).to_do == ()
    assert [one.wait for one in day(session, town.officer, now=later).to_do] == [Wait.CHASE]
    assert day(session, town.world.stranger, now=later).to_do == ()


def test_the_day_is_in_time_order_and_what_has_no_hour_comes_first(session: Session, town: Town) -> None:
    stay(session, town, in_days(0), in_days(3), case_ref="arrives")
    stay(session, town, in_days(0), in_days(1), bed=1, case_ref="leaves tomorrow")
    accept(session, town.world.host, request(session, town, in_days(0), in_days(1), case_ref="one day").id, now=NOW)
    fitting = make_kind(session, Shape.SLOTS)
    team = make_resource(session, town.world.site, fitting)
    make_opening(session, team, in_minutes(60), hours=4)
    court = make_kind(session, Shape.SESSIONS)
    hearing = make_resource(session, town.world.site, court)
    make_hearing(session, hearing, starts_at=in_minutes(30))
    for claim, case in (
        (SlotClaim(resource_id=team.id, start=in_minutes(90)), "slot"),
        (CaseClaim(resource_id=hearing.id, minutes=20), "hearing"),
    ):
        held = hold(session, town.officer, claim, now=NOW, beneficiary=Beneficiary(case_ref=case))
        confirm(session, town.officer, held.id, now=NOW)

    shown = [(one.moment, one.line.case_ref) for one in day(session, town.officer, now=NOW).today]
    assert sorted(shown[:3]) == [
        (Moment.ARRIVAL, "arrives"),
        (Moment.ARRIVAL, "leaves tomorrow"),
        (Moment.START, "one day"),
    ]
    assert shown[3:] == [(Moment.HEARING, "hearing"), (Moment.APPOINTMENT, "slot")]
    tomorrow = [
        (one.moment, one.line.case_ref) for one in day(session, town.officer, now=NOW + timedelta(days=1)).today
    ]
    assert tomorrow == [(Moment.DEPARTURE, "leaves tomorrow")]


def test_what_is_over_comes_last_and_says_what_became_of_it(session: Session, town: Town) -> None:
    team = make_resource(session, town.world.site, make_kind(session, Shape.SLOTS))
    make_opening(session, team, in_minutes(60), hours=8)
    booked = []
    for minutes in (60, 120, 300):
        claim = SlotClaim(resource_id=team.id, start=in_minutes(minutes))
        held = hold(session, town.officer, claim, now=NOW, beneficiary=Beneficiary(case_ref=str(minutes)))
        booked.append(confirm(session, town.officer, held.id, now=NOW).id)
    note_outcome(session, town.officer, booked[1], now=in_minutes(240), outcome=State.MISSED)

    found = day(session, town.officer, now=in_minutes(240))
    assert [one.line.case_ref for one in found.today] == ["300", "60", "120"]
    cards = today_cards(found, may_open=True, now=in_minutes(240))
    assert [card.lines[-1] for card in cards] == ["pour le dossier 300", "à pointer", "absent(e)"]


def test_the_last_day_of_a_post_is_the_day_before_its_end(session: Session, town: Town) -> None:
    accept(session, town.world.host, request(session, town, in_days(0), in_days(3)).id, now=NOW)

    found = [day(session, town.officer, now=NOW + timedelta(days=at)).today for at in range(4)]
    assert [[one.moment for one in of_day] for of_day in found] == [[Moment.START], [], [Moment.END], []]


def test_today_is_that_of_the_place(session: Session) -> None:
    town = make_town(session, site={"time_zone": "Pacific/Noumea"})  # eight in the evening there
    stay(session, town, in_days(1), in_days(2))

    assert day(session, town.officer, now=NOW).today == ()
    assert len(day(session, town.officer, now=NOW + timedelta(hours=4)).today) == 1


def test_hosts_see_who_comes_to_their_places_and_strangers_do_not(session: Session, town: Town) -> None:
    stay(session, town, in_days(0), in_days(3), person=make_person(session, town.world.here))

    (seen,) = day(session, town.world.host, now=NOW).today
    assert (seen.moment, seen.line.initials, seen.line.is_mine) == (Moment.ARRIVAL, "AD", False)
    assert day(session, town.world.stranger, now=NOW).today == ()
    assert day(session, judge(town), now=NOW).today == ()


def test_a_judge_who_has_an_agenda_reads_their_own_day_and_their_registry_that_of_the_court(
    session: Session, town: Town
) -> None:
    offices = make_kind(session, Shape.SLOTS, reserved_by=[Role.SENTENCE_JUDGE])
    mine, other = (make_resource(session, town.world.site, offices, name=name) for name in ("Cabinet 1", "Cabinet 2"))
    one, registry = (make_actor(Role.SENTENCE_JUDGE, town.world.here) for _ in range(2))
    session.add(OwnAgenda(account_id=one.account_id, resource_id=mine.id))
    for office in (mine, other):
        make_opening(session, office, in_minutes(60), hours=8)
        claim = SlotClaim(resource_id=office.id, start=in_minutes(60))
        held = hold(session, registry, claim, now=NOW, beneficiary=Beneficiary(case_ref=office.name))
        confirm(session, registry, held.id, now=NOW)
    session.flush()

    days = [day(session, actor, now=in_minutes(300)) for actor in (one, registry)]

    assert [sorted(each.line.case_ref for each in found.today) for found in days] == [
        ["Cabinet 1"],
        ["Cabinet 1", "Cabinet 2"],
    ]
    assert [found.to_note for found in days] == [1, 2]
    assert [found.own_id for found in days] == [mine.id, None]
    since = days[0].to_note_since
    assert to_note_address(since, in_minutes(300), own=mine.id) == f"/issues-du-jour/?qui={mine.id}"


def test_what_was_refused_or_lapsed_is_known_for_three_days(session: Session, town: Town) -> None:
    refused = request(session, town, in_days(1), None, case_ref="refused")
    refuse(session, town.world.host, refused.id, reason="full", now=NOW)
    held = stay(session, town, in_days(3), in_days(4), case_ref="lapsed", is_confirmed=False)
    lapse(session, held.id, now=in_minutes(10))
    stay(session, town, in_days(5), in_days(6), case_ref="not written yet", is_confirmed=False)

    lost = day(session, town.officer, now=in_minutes(11)).lost
    assert {(one.ending, one.line.case_ref, one.reason, one.was_asked) for one in lost} == {
        (Ending.REFUSED, "refused", "full", True),
        (Ending.LAPSED, "lapsed", "", False),
        (Ending.LAPSED, "not written yet", "", False),
    }
    assert day(session, town.officer, now=in_minutes(11) + timedelta(days=3)).lost == ()
    assert day(session, town.world.host, now=in_minutes(11)).lost == ()


def test_a_colleague_learns_of_a_refused_request_not_of_a_hold_left_to_lapse(session: Session, town: Town) -> None:
    colleague = make_actor(Role.PROBATION_OFFICER, town.world.here)
    refuse(session, town.world.host, request(session, town, in_days(1), None).id, reason="dates", now=NOW)
    stay(session, town, in_days(3), in_days(4), is_confirmed=False)

    assert [one.ending for one in day(session, colleague, now=in_minutes(11)).lost] == [Ending.REFUSED]


def test_of_the_holds_for_nobody_left_to_lapse_only_the_last_is_told(session: Session, town: Town) -> None:
    for number in range(3):
        claim = NightsClaim(resource_id=town.section.id, first=in_days(1), until=in_days(2))
        hold(session, town.officer, claim, now=in_minutes(number - 60))

    (told,) = day(session, town.officer, now=NOW).lost
    assert told.line.created_at == in_minutes(-58)


@pytest.mark.parametrize("by_person", [True, False])
def test_what_was_lost_is_forgotten_once_another_place_is_found(session: Session, town: Town, by_person: bool) -> None:
    person = make_person(session, town.world.here) if by_person else None
    stay(session, town, in_days(1), in_days(2), person=person, case_ref="24/9", is_confirmed=False, now=in_minutes(-60))
    assert len(day(session, town.officer, now=NOW).lost) == 1

    other = stay(session, town, in_days(1), in_days(2), bed=1, person=person, case_ref="24/9", now=in_minutes(-5))
    assert day(session, town.officer, now=NOW).lost == ()
    cancel(session, town.officer, other.id, now=NOW)
    assert len(day(session, town.officer, now=NOW).lost) == 1


def test_a_full_column_keeps_the_first_and_counts_the_rest(session: Session, town: Town) -> None:
    for number in range(SHOWN + 2):
        claimed = in_days(number + 1)
        stay(session, town, claimed, claimed + timedelta(days=1), case_ref=str(number), is_confirmed=False)
    found = day(session, town.officer, now=NOW)

    assert (len(found.to_do), found.to_do_count) == (SHOWN, SHOWN + 2)


def test_the_day_is_written_in_the_time_of_ones_organisation_then_territory(session: Session, town: Town) -> None:
    appeal = make_territory(session)
    for zone, count in (("Indian/Mayotte", 1), ("Indian/Reunion", 2)):
        for _ in range(count):
            make_site(session, make_territory(session, parent=make_territory(session, parent=appeal)), time_zone=zone)

    assert time_zone_of(session, town.world.stranger) == "Europe/Paris"
    assert time_zone_of(session, make_actor(Role.PROBATION_OFFICER, appeal)) == "Indian/Reunion"
    make_site(session, town.world.elsewhere, time_zone="Indian/Reunion")

    assert time_zone_of(session, town.world.stranger) == "Indian/Reunion"
    assert time_zone_of(session, town.world.host) == town.world.site.time_zone


def test_ten_thousand_bookings_take_five_statements(session: Session, town: Town) -> None:
    session.execute(
        text("""
            INSERT INTO booking (id, kind_id, resource_id, territory_id, case_ref, requested_by, state, first_on,
                                 until_on, expires_at, created_at, family)
            SELECT gen_random_uuid(), :kind_id, :resource_id, :territory_id, 'RG ' || n, :me,
                   (ARRAY['booked', 'booked', 'refused', 'lapsed', 'requested'])[1 + n % 5],
                   CAST(:now AS date) - 300 + n % 600, CAST(:now AS date) - 290 + n % 600,
                   CASE WHEN n % 5 = 4 THEN CAST(:now AS timestamptz) + interval '1 day' * (1 + n % 6) END,
                   CAST(:now AS timestamptz) - interval '1 minute' * n, ''
            FROM generate_series(1, 10000) AS n"""),
        {
            "kind_id": town.posts.id,
            "resource_id": town.post.id,
            "territory_id": town.world.here.id,
            "me": town.officer.account_id,
            "now": NOW,
        },
    )
    session.execute(text("ANALYZE booking"))
    statements: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *told: statements.append(told[2]))
    found = day(session, town.officer, now=NOW)

    assert len(statements) == 5
    assert (len(found.to_do), found.to_do_count) == (SHOWN, 999)
    assert found.today_count > SHOWN
