"""A list summoned at once: who is given what, what a second click changes, and how all of it is taken back."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.rights import Role
from booking.errors import KeyReused
from booking.models import Booking, Person
from booking.persons import NewPerson, create_person
from convocations.actions import convene, refuse_sms
from convocations.errors import ConvocationOver, SummonedAlready
from convocations.in_bulk import (
    Foreseen,
    NoStartLeft,
    Order,
    ToldBy,
    Way,
    foresee,
    order_for,
    summon_one,
    summoned_under,
    take_one_back,
)
from convocations.lists import lines_of, read_list
from convocations.planning import UNDO_MANY
from tests.convocations.desk import HALF_PAST, HOUSE, NINE, TEN, Desk, make_desk, make_somebody, planned, seats
from tests.factories import NOW, in_days, make_actor, make_territory


def somebody(session: Session, desk: Desk, family: str, *, phone: str = "06 39 98 12 34", file: str = "") -> Person:
    new = NewPerson(
        family_name=family, given_name="Alix", birth_on=in_days(-9000), sex="F", phone=phone, file_number=file
    )
    return create_person(session, desk.officer, new, house=HOUSE, now=NOW, fiction=True)


def ordered(session: Session, desk: Desk, **columns: object) -> Order:
    asked = {"way": Way.SLOTS, "now": NOW} | columns
    return order_for(session, desk.officer, [desk.agent.id], **asked)  # type: ignore[arg-type]


def foreseen(session: Session, desk: Desk, order: Order, *people: Person) -> list[Foreseen]:
    return foresee(session, desk.officer, order, [one.id for one in people], house=HOUSE, now=NOW)


def test_the_next_free_starts_go_in_the_order_of_the_list_to_who_has_nothing_else_then(session: Session) -> None:
    desk = make_desk(session)
    first, second, third = (make_somebody(session, desk.officer) for _ in range(3))
    other = convene(session, desk.officer, first.id, desk.at(NINE, desk.colleague), now=NOW)
    convene(session, desk.officer, desk.person.id, desk.at(HALF_PAST), now=NOW)

    lines = foreseen(session, desk, ordered(session, desk, although_summoned=True), first, second, third)

    given = [line.claim.start if line.claim else None for line in lines]
    assert given == [TEN, NINE, TEN + timedelta(minutes=30)]
    assert session.get_one(Booking, other.booking_id).starts_at == NINE


def test_each_line_says_how_they_are_told_or_why_they_cannot_be(session: Session) -> None:
    desk = make_desk(session)
    no_phone, refuses = somebody(session, desk, "SANS", phone=""), somebody(session, desk, "REFUS")
    refuse_sms(session, desk.officer, refuses.id, now=NOW)
    summoned = somebody(session, desk, "DEJA")
    convene(session, desk.officer, summoned.id, desk.at(NINE), now=NOW)
    session.flush()

    lines = foreseen(session, desk, ordered(session, desk), desk.person, no_phone, refuses, summoned)

    assert [(line.told_by, line.why_letter) for line in lines[:3]] == [
        (ToldBy.SMS, ""),
        (ToldBy.LETTER, "no-phone"),
        (ToldBy.LETTER, "refused"),
    ]
    assert isinstance(lines[3].refusal, SummonedAlready)


def test_whoever_comes_after_the_last_start_is_told_so_and_nobody_of_elsewhere_is_reached(session: Session) -> None:
    desk = make_desk(session)  # six starts
    people = [make_somebody(session, desk.officer) for _ in range(7)]
    stranger = make_actor(Role.PROBATION_OFFICER, make_territory(session))

    lines = foreseen(session, desk, ordered(session, desk), *people)
    unknown = foresee(session, desk.officer, ordered(session, desk), [uuid4()], house=HOUSE, now=NOW)

    assert [bool(line.claim) for line in lines] == [True] * 6 + [False]
    assert isinstance(lines[-1].refusal, NoStartLeft)
    assert isinstance(unknown[0].refusal, NotFound)
    with pytest.raises((NotFound, InvalidRequest)):
        order_for(session, stranger, [desk.agent.id], way=Way.SLOTS, now=NOW)


def test_the_same_key_summons_once_and_another_order_under_it_is_refused(session: Session) -> None:
    desk = make_desk(session)
    order = ordered(session, desk)
    (line,) = foreseen(session, desk, order, desk.person)

    first = summon_one(session, desk.officer, order, line, key="k", now=NOW)
    again = summon_one(session, desk.officer, order, line, key="k", now=NOW)

    assert (again.convocation_id, again.is_replay) == (first.convocation_id, True)
    assert summoned_under(session, desk.officer, order, "k", [desk.person.id]) == {desk.person.id: first.convocation_id}
    assert seats(session, desk.agent) == {NINE}
    choosing = ordered(session, desk, way=Way.CHOOSE, choose_by=in_days(5))
    with pytest.raises(KeyReused):
        summon_one(session, desk.officer, choosing, line, key="k", now=NOW)
    with pytest.raises(SummonedAlready):
        summon_one(session, desk.officer, order, line, key="another", now=NOW)


@pytest.mark.parametrize("way", list(Way))
def test_a_list_is_taken_back_as_a_whole_before_anything_leaves_and_not_after(session: Session, way: Way) -> None:
    desk = make_desk(session)
    order = ordered(session, desk, way=way, choose_by=in_days(5) if way is Way.CHOOSE else None)
    (line,) = foreseen(session, desk, order, desk.person)
    made = summon_one(session, desk.officer, order, line, key="k", now=NOW)
    assert made.convocation_id

    leaves_at = min(planned(session, made.convocation_id).values())
    with pytest.raises(ConvocationOver):
        take_one_back(session, desk.officer, made.convocation_id, now=NOW + UNDO_MANY)
    take_one_back(session, desk.officer, made.convocation_id, now=NOW + timedelta(seconds=60))

    assert leaves_at >= NOW + UNDO_MANY
    assert planned(session, made.convocation_id) == {}
    assert seats(session, desk.agent) == set()


def test_a_pasted_list_is_read_by_number_or_name_in_any_order_with_a_birth_date_or_not(session: Session) -> None:
    desk = make_desk(session)
    one = somebody(session, desk, "ÉLÈVE-LIGNE", file="26/000 123")
    two = somebody(session, desk, "HOMONYME")
    three = create_person(
        session,
        desk.officer,
        NewPerson(family_name="HOMONYME", given_name="Alix", birth_on=in_days(-12000), sex="M"),
        house=HOUSE,
        now=NOW,
        fiction=True,
    )
    session.flush()
    typed = (
        f"alix eleve ligne\n\n26/000 123;doublon\nHOMONYME Alix\nHomonyme;Alix;{two.birth_on:%d/%m/%Y}\npersonne ici\n%"
    )

    read = read_list(session, desk.officer, typed)

    assert [[each.id for each in line.persons] for line in read] == [
        [one.id],
        sorted([two.id, three.id], key=lambda id_: id_ == two.id),
        [two.id],
        [],
        [],
    ]
    assert lines_of("a\t b;;\n\n") == ["a ; b"]
