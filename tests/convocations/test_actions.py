"""Summoning, letting choose, withdrawing: what each leaves, and what each refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotAllowed, NotFound, PeriodTaken
from availability.models import Shape
from availability.rights import Role
from booking.actions import Beneficiary, cancel, confirm, hold
from booking.errors import TooLate
from booking.links import LinkName
from booking.models import Booking, State
from booking.outcomes import note_outcome
from booking.reasons import Reason
from convocations.actions import (
    accept_sms,
    convene,
    convocation_for,
    let_choose,
    refuse_sms,
    refuses_sms,
    renew_link,
    restore,
    summon,
    withdraw,
)
from convocations.bearing import bearer_of
from convocations.errors import AlreadySummoned, ConvocationOver, LinkUnknown
from convocations.kinds import Standing
from convocations.pages.problems import said
from convocations.queries import convocation_line, words_said
from tests.convocations.desk import HALF_PAST, HOUSE, NINE, TEN, make_desk, planned, seats
from tests.factories import NOW, in_days, make_actor, make_kind, make_resource


def test_convening_takes_the_slot_for_the_person(session: Session) -> None:
    desk = make_desk(session)

    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    booking = session.get_one(Booking, convocation.booking_id)
    assert (booking.state, booking.person_id, booking.starts_at) == (State.BOOKED, desk.person.id, NINE)
    assert (convocation.standing, convocation.resource_ids) == (Standing.SET, [desk.agent.id])
    assert seats(session, desk.agent) == {NINE}


def test_a_slot_taken_meanwhile_convenes_nobody(session: Session) -> None:
    desk = make_desk(session)
    convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    with pytest.raises(PeriodTaken):
        convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"min_notice_days": 30}, "Ce créneau est trop proche : ce service demande un délai."),
        ({"max_ahead_days": 2}, "Ce créneau est trop loin."),
    ],
    ids=["too soon", "too far"],
)
def test_a_slot_beyond_the_limits_of_the_kind_is_refused_in_the_words_of_the_desk(
    session: Session, rule: dict[str, int], words: str
) -> None:
    desk = make_desk(session, **rule)

    with pytest.raises(InvalidRequest) as refused:
        convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    assert said(refused.value) == words


def test_an_appointment_has_one_convocation(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    assert convocation.booking_id

    with pytest.raises(AlreadySummoned):
        summon(session, desk.officer, convocation.booking_id, now=NOW)


def test_what_is_not_booked_or_for_nobody_is_not_summoned_to(session: Session) -> None:
    desk = make_desk(session)
    held = hold(session, desk.officer, desk.at(NINE), now=NOW)
    for_a_case = hold(session, desk.officer, desk.at(HALF_PAST), now=NOW, beneficiary=Beneficiary(case_ref="24/1"))
    confirm(session, desk.officer, for_a_case.id, now=NOW)

    with pytest.raises(ConvocationOver):
        summon(session, desk.officer, held.id, now=NOW)
    with pytest.raises(InvalidRequest):
        summon(session, desk.officer, for_a_case.id, now=NOW)
    with pytest.raises(NotFound):
        summon(session, desk.world.stranger, for_a_case.id, now=NOW)
    with pytest.raises(InvalidRequest):
        convene(session, desk.officer, desk.person.id, desk.at(TEN), now=NOW, reminder_hours=3)


def test_letting_choose_takes_nothing_and_names_what_may_be_chosen(session: Session) -> None:
    desk = make_desk(session)

    convocation = let_choose(
        session,
        desk.officer,
        desk.person.id,
        [desk.agent.id, desk.colleague.id, desk.agent.id],
        choose_by=in_days(7),
        now=NOW,
    )

    assert (convocation.standing, convocation.booking_id) == (Standing.CHOOSING, None)
    assert convocation.resource_ids == [desk.agent.id, desk.colleague.id]
    assert seats(session, desk.agent) == set()


def test_only_slots_of_one_kind_and_of_ones_own_are_offered_for_a_coming_day(session: Session) -> None:
    desk = make_desk(session)
    other_kind = make_resource(session, desk.world.site, make_kind(session, Shape.SLOTS))
    beds = make_resource(session, desk.world.site, make_kind(session, Shape.NIGHTS))
    hosted = make_resource(session, desk.world.site, make_kind(session, Shape.SLOTS, host_accepts=True))
    judge = make_actor(Role.FAMILY_JUDGE, desk.world.here)

    def offer(*numbers: int, days: int = 7, actor: object = desk.officer) -> None:
        with session.begin_nested():
            let_choose(session, actor, desk.person.id, numbers, choose_by=in_days(days), now=NOW)  # type: ignore[arg-type]

    for wrong in (offer, lambda: offer(desk.agent.id, other_kind.id), lambda: offer(beds.id), lambda: offer(hosted.id)):
        with pytest.raises(InvalidRequest):
            wrong()
    for days in (-1, 400):
        with pytest.raises(InvalidRequest):
            offer(desk.agent.id, days=days)
    with pytest.raises(NotAllowed):
        offer(desk.agent.id, actor=judge)
    with pytest.raises(NotFound):
        offer(desk.agent.id, actor=desk.world.stranger)


def test_withdrawing_frees_the_place_and_revokes_the_link(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    link = LinkName(convocation.link_id, convocation.link_version)

    withdraw(session, desk.officer, convocation.id, now=NOW)
    withdraw(session, desk.officer, convocation.id, now=NOW)

    assert convocation.standing == Standing.WITHDRAWN
    assert seats(session, desk.agent) == set()
    assert session.get_one(Booking, convocation.booking_id).state == State.CANCELLED
    with pytest.raises(LinkUnknown):
        bearer_of(session, link, now=NOW)


@pytest.mark.parametrize("chooses", [False, True])
def test_why_a_convocation_is_withdrawn_is_kept_and_restoring_it_puts_all_back(session: Session, chooses: bool) -> None:
    desk = make_desk(session)
    people = (session, desk.officer, desk.person.id)
    if chooses:
        made = let_choose(*people, [desk.agent.id], choose_by=in_days(5), now=NOW)
    else:
        made = convene(*people, desk.at(NINE), now=NOW)
    before = (made.standing, made.link_version, seats(session, desk.agent), planned(session, made.id))
    why = Reason("other", "Un motif fictif", HOUSE)

    with pytest.raises(InvalidRequest), session.begin_nested():
        withdraw(session, desk.officer, made.id, now=NOW, reason=Reason("health"))  # that is why one is excused
    withdraw(session, desk.officer, made.id, now=NOW, reason=why)
    line = convocation_line(session, desk.officer, made.id, now=NOW)
    said = (line.reason, words_said(session, HOUSE, made.id), planned(session, made.id))
    facts = session.execute(text("SELECT facts FROM history WHERE act = 'convocation-withdrawn'")).scalar_one()
    with pytest.raises(ConvocationOver), session.begin_nested():
        restore(session, desk.officer, made.id, now=NOW + timedelta(minutes=11))
    restore(session, desk.officer, made.id, now=NOW)

    assert said == ("other", "Un motif fictif", {})
    assert facts["reason"] == "other"
    assert "fictif" not in str(facts)
    assert (made.standing, made.link_version, seats(session, desk.agent), planned(session, made.id)) == before
    assert convocation_line(session, desk.officer, made.id, now=NOW).reason == ""
    with pytest.raises(ConvocationOver):
        restore(session, desk.officer, made.id, now=NOW)


def test_calling_off_is_bound_as_giving_back_is_but_not_whoever_receives_nor_what_was_just_taken(
    session: Session,
) -> None:
    rights = {"reserved_by": [Role.PROBATION_OFFICER, Role.SENTENCE_JUDGE], "set_by": [Role.SENTENCE_JUDGE]}
    desk = make_desk(session, cancel_notice_min=1440, **rights)
    judge = make_actor(Role.SENTENCE_JUDGE, desk.world.here)
    late = NINE - timedelta(hours=2)
    early = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    just_now = convene(session, desk.officer, desk.person.id, desk.at(HALF_PAST), now=late - timedelta(minutes=9))

    with pytest.raises(TooLate):
        withdraw(session, desk.officer, early.id, now=late)

    assert withdraw(session, judge, early.id, now=late).standing == Standing.WITHDRAWN
    assert withdraw(session, desk.officer, just_now.id, now=late).standing == Standing.WITHDRAWN


def test_what_has_an_outcome_is_not_withdrawn_and_what_was_given_back_already_is(session: Session) -> None:
    desk = make_desk(session)
    one = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    other = convene(session, desk.officer, desk.person.id, desk.at(HALF_PAST), now=NOW)
    assert one.booking_id
    assert other.booking_id
    note_outcome(session, desk.officer, one.booking_id, State.HONOURED, now=NINE + timedelta(minutes=5))
    cancel(session, desk.officer, other.booking_id, now=NOW)

    with pytest.raises(ConvocationOver):
        withdraw(session, desk.officer, one.id, now=NINE + timedelta(hours=1))

    assert withdraw(session, desk.officer, other.id, now=NOW).standing == Standing.WITHDRAWN


def test_a_renewed_link_makes_the_old_one_useless(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    old = LinkName(convocation.link_id, convocation.link_version)

    renew_link(session, desk.officer, convocation.id, now=NOW)

    with pytest.raises(LinkUnknown):
        bearer_of(session, old, now=NOW)
    assert bearer_of(session, LinkName(old.link_id, old.version + 1), now=NOW).convocation_id == convocation.id


def test_a_stranger_sees_no_convocation_and_takes_none_back(session: Session) -> None:
    desk = make_desk(session)
    convocation = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    for act in (convocation_for,):
        with pytest.raises(NotFound):
            act(session, desk.world.stranger, convocation.id)
    for change in (withdraw, renew_link):
        with pytest.raises(NotFound):
            change(session, desk.world.stranger, convocation.id, now=NOW)
    with pytest.raises(NotFound):
        refuse_sms(session, desk.world.stranger, desk.person.id, now=NOW)


def test_messages_are_refused_and_wanted_again_at_the_desk(session: Session) -> None:
    desk = make_desk(session)

    for _ in range(2):
        refuse_sms(session, desk.officer, desk.person.id, now=NOW)
    refused = refuses_sms(session, desk.person.id)
    for _ in range(2):
        accept_sms(session, desk.officer, desk.person.id, now=NOW)

    written = session.execute(text("SELECT act, facts ->> 'how' FROM history WHERE act LIKE 'sms-%' ORDER BY id")).all()
    assert [tuple(row) for row in written] == [("sms-refused", "desk"), ("sms-accepted", "desk")]
    assert refused
    assert not refuses_sms(session, desk.person.id)
