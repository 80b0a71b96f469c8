"""Who could not be told is called, and what messages cost: who is on the list, what a call changes, what is counted."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import NotFound
from availability.rights import Actor, Right, Role
from booking.moving import move
from convocations.actions import convene, refuse_sms
from convocations.costs import costs, costs_csv
from convocations.delivery import claim_due, sent, settle
from convocations.errors import MessageOver
from convocations.kinds import MessageKind, MessageState
from convocations.models import Convocation, Message
from convocations.pages.calls_part import number_of
from convocations.pages.convocation_words import MESSAGE_WORDS
from convocations.pages.costs_page import euros, summary_of
from convocations.pages.to_call import row_of
from convocations.routes import Routes, read_prices
from convocations.to_call import Call, Callee, ToCall, count_to_call, note_call, take_call_back, to_call, whom_to_call
from portal.ui.dates import NBSP
from tests.convocations.crowd import located
from tests.convocations.desk import HOUSE, NINE, TEN, Desk, make_desk
from tests.factories import NOW

SOON = NOW + timedelta(minutes=1)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def convened(session: Session) -> tuple[Session, Desk, Convocation]:
    desk = located(make_desk(session))
    return session, desk, convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)


def becomes(session: Session, state: str, failure: str = "", kind: str = "confirmation") -> UUID:
    """Have the message of that kind be in a state, and return it."""
    became = text("""
        UPDATE message SET state = CAST(:state AS text), failure = :failure, attempts = 1,
            sent_at = CASE WHEN :state IN ('sent', 'undelivered') THEN due_at END
        WHERE kind = :kind RETURNING id""")
    values = {"state": state, "failure": failure, "kind": kind}
    return UUID(str(session.execute(became, values).scalar_one()))


def listed(session: Session, desk: Desk) -> list[ToCall]:
    session.flush()
    found = to_call(session, desk.officer, now=SOON)
    assert len(found) == count_to_call(session, desk.officer, now=SOON)
    return found


@pytest.mark.parametrize(
    ("state", "failure", "is_listed"),
    [
        ("failed", "not-mobile", True),
        ("undelivered", "invalid-number", True),
        ("flagged", "unknown", True),
        ("outdated", "too-late", True),
        ("planned", "provider-down", False),  # there is time: it is eight days ahead
        ("withheld", "refused", False),  # they asked for no SMS, and lose nothing that they knew
        ("sent", "", False),
        ("cancelled", "moved", False),
    ],
)
def test_who_could_not_be_told_is_listed_while_that_is_of_use(
    convened: tuple[Session, Desk, Convocation], state: str, failure: str, is_listed: bool
) -> None:
    session, desk, _ = convened
    becomes(session, state, failure)

    found = listed(session, desk)

    assert [(one.state, one.initials, one.about_at) for one in found] == ([(state, "AD", NINE)] if is_listed else [])
    assert to_call(session, desk.world.stranger, now=SOON) == []
    assert to_call(session, desk.officer, now=NINE) == [], "it has begun"


def test_a_reminder_that_nobody_takes_the_day_before_is_called_for_and_one_told_since_is_not(
    convened: tuple[Session, Desk, Convocation],
) -> None:
    session, desk, _ = convened
    becomes(session, "planned", "provider-down", "reminder")
    the_day_before = NINE - timedelta(hours=20)

    assert [one.kind for one in to_call(session, desk.officer, now=the_day_before)] == [MessageKind.REMINDER]
    becomes(session, "failed", "blocked")
    becomes(session, "sent", "", "reminder")
    assert to_call(session, desk.officer, now=the_day_before) == [], "the reminder said the same since"


def test_who_refuses_sms_is_called_when_what_they_know_is_no_longer_so(
    convened: tuple[Session, Desk, Convocation],
) -> None:
    session, desk, convocation = convened
    becomes(session, "sent")
    refuse_sms(session, desk.officer, desk.person.id, now=NOW)
    assert convocation.booking_id
    move(session, desk.officer, convocation.booking_id, desk.at(TEN), now=NOW)
    session.flush()
    claim_due(session, house=HOUSE, origin="", routes=Routes(), now=SOON, lease=A_MINUTE)

    (one,) = listed(session, desk)

    assert (one.kind, one.state, one.about_at) == (MessageKind.CHANGE, MessageState.WITHHELD, TEN)


def test_a_call_is_noted_and_taken_back(convened: tuple[Session, Desk, Convocation]) -> None:
    session, desk, _ = convened
    one = becomes(session, "failed", "not-mobile")
    callee = whom_to_call(session, desk.officer, one, house=HOUSE, now=SOON)
    note_call(session, desk.officer, one, Call.UNREACHED, now=SOON)
    (unreached,) = listed(session, desk)
    note_call(session, desk.officer, one, Call.TOLD, now=SOON)
    told = listed(session, desk)
    with pytest.raises(MessageOver):
        note_call(session, desk.officer, one, Call.TOLD, now=SOON)
    take_call_back(session, desk.officer, one, now=SOON)

    assert callee == Callee("Alix DÉMONSTRATION", "+33639981234")
    assert session.execute(text("SELECT reason FROM consultation WHERE subject = 'person'")).scalars().all() == [
        "to-call"
    ]
    assert (unreached.calls, unreached.called_at, told, len(listed(session, desk))) == (1, SOON, [], 1)
    acts = session.execute(text("SELECT act FROM history WHERE subject = 'message' ORDER BY id")).scalars().all()
    assert acts == ["message-called", "message-called", "message-call-taken-back"]
    with pytest.raises(NotFound):
        whom_to_call(session, desk.world.stranger, one, house=HOUSE, now=SOON)
    with pytest.raises(NotFound):
        note_call(session, desk.world.stranger, one, Call.TOLD, now=SOON)


def test_what_waits_does_not_leave_once_somebody_was_told_and_does_when_that_is_taken_back(
    convened: tuple[Session, Desk, Convocation],
) -> None:
    session, desk, _ = convened
    one = becomes(session, "planned", "provider-down", "reminder")

    note_call(session, desk.officer, one, Call.TOLD, now=SOON)
    cancelled = session.get_one(Message, one).state
    take_call_back(session, desk.officer, one, now=SOON)

    assert (cancelled, session.get_one(Message, one).state) == (MessageState.CANCELLED, MessageState.PLANNED)


def test_a_line_and_a_number_are_said_as_people_do(convened: tuple[Session, Desk, Convocation]) -> None:
    session, desk, _ = convened
    becomes(session, "undelivered", "unreachable")
    (one,) = listed(session, desk)
    row = row_of(one, now=SOON, with_service=False)

    assert (row.act, row.to_say, row.why) == (
        f"Appeler{NBSP}A.D.",
        "le rendez-vous est pris",
        "téléphone éteint ou hors de portée",
    )
    assert (row.calls, row.service) == ("pas encore", "")
    number = number_of(Callee("Alix", "+33639981234"))
    assert (number.shown.replace(NBSP, " "), number.href) == ("06 39 98 12 34", "tel:+33639981234")
    assert number_of(Callee("Alix", "")).href == ""


def test_what_left_is_counted_with_its_price_each_time_that_it_left(
    convened: tuple[Session, Desk, Convocation],
) -> None:
    session, desk, _ = convened
    routes = Routes(usable=("twilio",), prices=read_prices("FR=0.075, *=0.2"))
    session.flush()
    for at in (SOON, SOON + A_MINUTE):
        claimed = claim_due(session, house=HOUSE, origin="https://x.example", routes=routes, now=at, lease=A_MINUTE)
        settle(session, [sent(one, f"SM{at}", at) for one in claimed.outgoing], now=at)
        session.execute(text("UPDATE message SET state = 'planned', sent_at = NULL WHERE kind = 'confirmation'"))
    session.execute(text("UPDATE message SET state = 'sent', sent_at = :at WHERE paid_segments > 0"), {"at": SOON})
    right = Right(Role.ADMINISTRATOR, frozenset({desk.world.site.territory_id}))
    administrator = Actor(UUID(int=7), "", (right,), desk.world.site.territory_id)

    (one,) = costs(session, administrator, since=date(2026, 3, 1))

    assert (one.month, one.kind, one.region, one.messages) == (date(2026, 3, 1), MessageKind.CONFIRMATION, "FR", 1)
    assert one.segments % 2 == 0
    assert one.cost_micros == 75_000 * one.segments
    assert costs(session, desk.officer, since=date(2026, 3, 1)) == [], "whoever convenes does not count"
    line = costs_csv([one], MESSAGE_WORDS).splitlines()[1]
    assert line.endswith(f";Confirmation;FR;1;{one.segments};{one.cost_micros / 1e6:.4f}".replace(".", ","))
    assert summary_of([one]).endswith(f"{euros(one.cost_micros)}.")
    assert euros(1_234_500_000) == f"1{NBSP}234,50{NBSP}€"
    for wrong in ("FR", "fr=1", "FR=x", "FR=-1", "FR=11"):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
            read_prices(wrong)
