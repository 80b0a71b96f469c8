"""The outbox: who sees which message, what of it, and what an agent does about one that did not leave."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.rights import Role
from availability.sealing import seal
from booking.moving import move
from booking.sealing import key_of
from convocations.actions import convene
from convocations.errors import MessageOver
from convocations.kinds import Failure, MessageKind, MessageState
from convocations.models import Convocation, Message
from convocations.outbox import (
    Cursor,
    Part,
    Query,
    cancel_message,
    count_to_handle,
    mark_handled,
    messages,
    read_message,
    retry_message,
)
from convocations.pages.day import messages_wait
from convocations.pages.messages import shown_to
from tests.convocations.desk import HOUSE, NINE, TEN, Desk, make_desk
from tests.factories import NOW, make_actor, make_territory


def convened(session: Session) -> tuple[Desk, Convocation]:
    desk = make_desk(session)
    return desk, convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)


def becomes(session: Session, convocation: Convocation, kind: MessageKind, state: MessageState) -> UUID:
    """Have a message of a convocation be in a state, and return it."""
    statement = (
        "UPDATE message SET state = CAST(:state AS text), sent_at = CASE WHEN :state = 'sent' THEN due_at END"
        " WHERE convocation_id = :id AND kind = :kind RETURNING id"
    )
    values = {"state": state, "id": convocation.id, "kind": kind}
    return UUID(str(session.execute(text(statement), values).scalar_one()))


def test_a_list_shows_initials_the_end_of_the_phone_and_the_link(session: Session) -> None:
    desk, convocation = convened(session)

    reminder, confirmation = messages(session, desk.officer, Query(), house=HOUSE)

    assert (reminder.kind, confirmation.kind) == (MessageKind.REMINDER, MessageKind.CONFIRMATION)
    assert (reminder.initials, reminder.phone_end, reminder.time_zone) == ("AD", "34", "Europe/Paris")
    assert (reminder.link.link_id, reminder.link.version) == (convocation.link_id, 1)
    assert (reminder.about_at, reminder.state, reminder.has_body) == (NINE, MessageState.PLANNED, False)


def test_messages_of_another_territory_or_kind_are_not_seen(session: Session) -> None:
    desk, convocation = convened(session)
    one = becomes(session, convocation, MessageKind.REMINDER, MessageState.FAILED)

    assert messages(session, desk.world.stranger, Query(), house=HOUSE) == []
    assert count_to_handle(session, desk.world.stranger) == 0
    for act in (retry_message, cancel_message, mark_handled):
        with pytest.raises(NotFound):
            act(session, desk.world.stranger, one, now=NOW)
    with pytest.raises(NotFound):
        read_message(session, desk.world.stranger, one, house=HOUSE, now=NOW)


@pytest.mark.parametrize(
    ("state", "part"),
    [
        (MessageState.PLANNED, Part.WAITING),
        (MessageState.SENT, Part.SENT),
        (MessageState.FAILED, Part.TO_HANDLE),
        (MessageState.FLAGGED, Part.TO_HANDLE),
        (MessageState.OUTDATED, Part.TO_HANDLE),
        (MessageState.WITHHELD, Part.STOPPED),
        (MessageState.CANCELLED, Part.STOPPED),
    ],
)
def test_each_state_is_in_one_part(session: Session, state: MessageState, part: Part) -> None:
    desk, convocation = convened(session)
    one = becomes(session, convocation, MessageKind.CONFIRMATION, state)

    found = {
        each
        for each in (Part.TO_HANDLE, Part.WAITING, Part.SENT, Part.STOPPED)
        if one in [line.id for line in messages(session, desk.officer, Query(part=each), house=HOUSE)]
    }

    assert found == {part}


def test_a_list_goes_on_where_it_stopped_and_narrows_to_a_convocation(session: Session) -> None:
    desk, convocation = convened(session)
    of_it = Query(convocation_id=convocation.id)
    first = messages(session, desk.officer, of_it, house=HOUSE, limit=1)

    rest = messages(session, desk.officer, of_it, house=HOUSE, after=Cursor(first[0].due_at, first[0].id))

    assert [line.kind for line in (*first, *rest)] == [MessageKind.REMINDER, MessageKind.CONFIRMATION]
    assert messages(session, desk.officer, Query(convocation_id=UUID(int=1)), house=HOUSE) == []


def test_reading_a_body_is_logged(session: Session) -> None:
    desk, convocation = convened(session)
    one = becomes(session, convocation, MessageKind.CONFIRMATION, MessageState.SENT)
    person_key = key_of(session, HOUSE, desk.person.id)
    assert person_key
    message = session.get_one(Message, one)
    message.body_sealed, message.segments = seal(person_key, "Votre rendez-vous est pris"), 1

    read = read_message(session, desk.officer, one, house=HOUSE, now=NOW)

    logged = session.execute(text("SELECT actor_id, reason FROM consultation WHERE subject = 'message'")).all()
    assert (read.body, read.segments) == ("Votre rendez-vous est pris", 1)
    assert [tuple(row) for row in logged] == [(desk.officer.account_id, "outbox")]


@pytest.mark.parametrize("state", [MessageState.FAILED, MessageState.FLAGGED])
def test_what_did_not_leave_is_had_to_leave_again(session: Session, state: MessageState) -> None:
    desk, convocation = convened(session)
    one = becomes(session, convocation, MessageKind.CONFIRMATION, state)

    message = retry_message(session, desk.officer, one, now=NOW + timedelta(hours=1))

    assert (message.state, message.due_at) == (MessageState.PLANNED, NOW + timedelta(hours=1))


@pytest.mark.parametrize("state", [MessageState.SENT, MessageState.OUTDATED, MessageState.PLANNED])
def test_what_left_or_is_useless_does_not_leave_again(session: Session, state: MessageState) -> None:
    desk, convocation = convened(session)
    one = becomes(session, convocation, MessageKind.CONFIRMATION, state)

    with pytest.raises(MessageOver):
        retry_message(session, desk.officer, one, now=NOW)


def test_what_failed_is_useless_once_the_appointment_has_begun(session: Session) -> None:
    desk, convocation = convened(session)
    one = becomes(session, convocation, MessageKind.CONFIRMATION, MessageState.FAILED)

    with pytest.raises(MessageOver):
        retry_message(session, desk.officer, one, now=NINE)


def test_a_planned_message_is_kept_from_leaving_and_one_that_left_is_not(session: Session) -> None:
    desk, convocation = convened(session)
    planned = becomes(session, convocation, MessageKind.REMINDER, MessageState.PLANNED)
    left = becomes(session, convocation, MessageKind.CONFIRMATION, MessageState.SENT)

    message = cancel_message(session, desk.officer, planned, now=NOW)

    assert (message.state, message.failure) == (MessageState.CANCELLED, Failure.BY_AGENT)
    with pytest.raises(MessageOver):
        cancel_message(session, desk.officer, left, now=NOW)


def test_what_was_dealt_with_is_no_longer_to_handle(session: Session) -> None:
    desk, convocation = convened(session)
    one = becomes(session, convocation, MessageKind.CONFIRMATION, MessageState.FLAGGED)
    assert count_to_handle(session, desk.officer) == 1

    for _ in range(2):
        mark_handled(session, desk.officer, one, now=NOW)
    session.flush()

    acts = session.execute(text("SELECT act FROM history WHERE subject = 'message'")).scalars().all()
    assert count_to_handle(session, desk.officer) == 0
    assert acts == ["message-handled"]


def test_what_failed_does_not_leave_again_while_the_same_waits_already(session: Session) -> None:
    desk, convocation = convened(session)
    assert convocation.booking_id
    one = becomes(session, convocation, MessageKind.REMINDER, MessageState.FAILED)
    for start in (TEN, NINE):  # moved there and back: the reminder of nine o'clock is planned anew
        move(session, desk.officer, convocation.booking_id, desk.at(start), now=NOW)

    with pytest.raises(MessageOver):
        retry_message(session, desk.officer, one, now=NOW)

    states = session.execute(text("SELECT state FROM message WHERE kind = 'reminder' AND about_at = :at"), {"at": NINE})
    assert sorted(states.scalars()) == [MessageState.FAILED, MessageState.PLANNED]


def test_the_link_of_a_person_is_read_by_those_who_convene_and_by_nobody_else(session: Session) -> None:
    desk = make_desk(session)
    link = "https://placejuste.example/r/AAAA"
    judge = make_actor(Role.FAMILY_JUDGE, make_territory(session))

    assert shown_to(desk.officer, f"Lien : {link}", link) == (f"Lien : {link}", link)
    assert shown_to(judge, f"Lien : {link}", link) == ("Lien : (lien de la personne)", "")


def test_an_administrator_is_told_of_what_should_have_left_in_their_own_territories(session: Session) -> None:
    desk, convocation = convened(session)
    becomes(session, convocation, MessageKind.CONFIRMATION, MessageState.PLANNED)
    late = NINE - timedelta(hours=1)
    here, elsewhere = (
        make_actor(Role.ADMINISTRATOR, territory) for territory in (desk.world.here, desk.world.elsewhere)
    )

    waits = [[one.words for one in messages_wait(session, actor, late)] for actor in (here, elsewhere, desk.officer)]

    assert waits[1:] == [[], []]
    (words,) = waits[0]
    assert words.endswith("depuis plus d’un quart d’heure")
