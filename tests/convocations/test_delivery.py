"""Messages leaving: what is checked again, when they may, who has them, and who may say what became of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.sealing import House, unseal
from booking.actions import cancel
from booking.links import LinkName, token_of
from booking.models import State
from booking.moving import move
from booking.outcomes import note_outcome
from booking.persons import erase_person
from booking.sealing import key_of
from convocations import delivery
from convocations.actions import accept_sms, convene, let_choose, refuse_sms, renew_link, withdraw
from convocations.bearing import cannot_come, choose
from convocations.delivery import Claimed, claim_due, failed, flagged, put_back, sent, settle, stale
from convocations.kinds import Failure, MessageKind, MessageState
from convocations.models import Convocation, Message, SmsRefusal
from convocations.routes import Routes
from tests.conftest import Database
from tests.convocations.crowd import located, make_offers
from tests.convocations.desk import HOUSE, NINE, TEN, Desk, bearer, make_desk, make_somebody
from tests.factories import NOW, in_days
from tests.races import act, at_once, wait_until_somebody_waits

ORIGIN = "https://placejuste.example"
LEASE = timedelta(seconds=60)
SOON = NOW + timedelta(minutes=1)  # the undo of what was done at NOW has closed
CONFIRMATION, REMINDER, CHANGE = MessageKind.CONFIRMATION, MessageKind.REMINDER, MessageKind.CHANGE


def claim(session: Session, now: datetime = SOON, **options: Any) -> Claimed:
    """Claim as the sender does."""
    session.flush()
    values: dict[str, Any] = {"house": HOUSE, "origin": ORIGIN, "routes": Routes(), "lease": LEASE} | options
    return claim_due(session, now=now, **values)


def convened(session: Session, **columns: Any) -> tuple[Desk, Convocation]:
    """Return a desk and somebody convened by it on Tuesday at nine, at NOW."""
    desk = located(make_desk(session, **columns))
    return desk, convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)


def states(session: Session, convocation: Convocation) -> dict[str, tuple[str, str]]:
    """Return what became of each message: state and failure."""
    session.flush()
    rows = session.execute(
        text("SELECT kind, state, failure FROM message WHERE convocation_id = :id ORDER BY created_at, due_at"),
        {"id": convocation.id},
    )
    return {row.kind: (row.state, row.failure) for row in rows}


def force(session: Session, convocation: Convocation) -> None:
    """Have everything of a convocation planned and due, whatever the acts did: only the checks at leaving remain."""
    session.flush()
    session.execute(
        text("UPDATE message SET state = 'planned', due_at = :now, lease_until = NULL WHERE convocation_id = :id"),
        {"now": NOW, "id": convocation.id},
    )


def test_a_message_leaves_with_its_text_sealed_and_a_lease(session: Session) -> None:
    desk, convocation = convened(session)

    (one,) = claim(session).outgoing

    message = session.get_one(Message, one.id, populate_existing=True)
    token = token_of(HOUSE.derived("links"), LinkName(convocation.link_id, 1))
    person_key = key_of(session, HOUSE, desk.person.id)
    assert (one.kind, one.to, one.attempts) == (CONFIRMATION, "+33639981234", 1)
    assert f"{ORIGIN}/r/{token}" in one.body
    assert "mardi 10 mars à 9 h" in one.body
    assert desk.world.site.name not in one.body, "the name of a service would say why"
    assert (message.state, message.lease_until, message.segments) == (MessageState.SENDING, SOON + LEASE, 2)
    assert person_key
    assert message.body_sealed
    assert unseal(person_key, message.body_sealed) == one.body
    assert claim(session).outgoing == [], "what has a lease is not claimed again"


def test_nothing_leaves_before_it_is_due(session: Session) -> None:
    convened(session)

    assert claim(session, NOW + timedelta(seconds=29)).seen == 0
    assert claim(session, NOW + timedelta(seconds=30)).seen == 1


def test_the_text_is_in_the_language_of_the_person_with_the_link_of_today(session: Session) -> None:
    desk, convocation = convened(session)
    desk.person.language = "en"
    renew_link(session, desk.officer, convocation.id, now=NOW)

    (one,) = claim(session).outgoing

    assert "Your appointment" in one.body
    assert token_of(HOUSE.derived("links"), LinkName(convocation.link_id, 2)) in one.body


def given_back(session: Session, desk: Desk, convocation: Convocation) -> None:
    assert convocation.booking_id
    cancel(session, desk.officer, convocation.booking_id, now=NOW)


def moved(session: Session, desk: Desk, convocation: Convocation) -> None:
    assert convocation.booking_id
    move(session, desk.officer, convocation.booking_id, desk.at(TEN), now=NOW)


def withdrawn(session: Session, desk: Desk, convocation: Convocation) -> None:
    withdraw(session, desk.officer, convocation.id, now=NOW)


def declined(session: Session, desk: Desk, convocation: Convocation) -> None:
    cannot_come(session, bearer(session, convocation), seen=NINE, now=NOW)


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (given_back, Failure.OTHER_STATE),
        (moved, Failure.MOVED),
        (withdrawn, Failure.NOT_STANDING),
        (declined, Failure.NOT_STANDING),
    ],
)
def test_what_is_no_longer_true_never_leaves(session: Session, change: Any, failure: Failure) -> None:
    desk, convocation = convened(session)
    change(session, desk, convocation)
    session.execute(
        text("DELETE FROM message WHERE kind IN ('change', 'cancellation') OR about_at <> :at"), {"at": NINE}
    )
    force(session, convocation)

    assert claim(session).outgoing == []
    assert set(states(session, convocation).values()) == {(MessageState.CANCELLED, failure)}


def test_what_is_true_leaves_when_forced_the_same_way(session: Session) -> None:
    _, convocation = convened(session)
    force(session, convocation)

    assert {one.kind for one in claim(session).outgoing} == {CONFIRMATION, REMINDER}


def test_another_hour_chosen_since_leaves_nothing_of_the_first_appointment(session: Session) -> None:
    desk, convocation = convened(session)
    cannot_come(session, bearer(session, convocation), seen=NINE, now=NOW)
    force(session, convocation)
    choose(session, bearer(session, convocation), desk.at(TEN), seen=None, now=NOW)
    session.execute(text("UPDATE message SET state = 'planned', due_at = :now WHERE about_at = :at"),
                    {"now": NOW, "at": NINE})  # fmt: skip

    (one,) = claim(session).outgoing

    assert "mardi 10 mars à 10 h" in one.body
    assert session.get_one(Message, one.id).about_at == TEN


def test_a_choice_made_makes_its_offer_untrue(session: Session) -> None:
    desk = located(make_desk(session))
    offer = let_choose(session, desk.officer, desk.person.id, [desk.agent.id], choose_by=in_days(7), now=NOW)
    (one,) = claim(session).outgoing
    settle(session, [put_back(one, Failure.PROVIDER_DOWN, SOON)], now=SOON)
    choose(session, bearer(session, offer), desk.at(NINE), seen=None, now=SOON)
    force(session, offer)

    claimed = claim(session, SOON)

    assert MessageKind.OFFER not in {each.kind for each in claimed.outgoing}
    assert states(session, offer)[MessageKind.OFFER] == (MessageState.CANCELLED, Failure.NOT_STANDING)


def test_a_cancellation_is_told_only_while_it_is_cancelled(session: Session) -> None:
    desk, convocation = convened(session)
    (one,) = claim(session).outgoing
    settle(session, [sent(one, "x", SOON)], now=SOON)
    given_back(session, desk, convocation)
    later = NOW + timedelta(hours=1)

    (told,) = claim(session, later).outgoing

    assert told.kind is MessageKind.CANCELLATION


def test_an_absence_is_told_only_while_it_is_noted(session: Session) -> None:
    desk, convocation = convened(session)
    after = NINE + timedelta(hours=1)
    session.execute(text("UPDATE message SET state = 'cancelled'"))
    assert convocation.booking_id
    note_outcome(session, desk.officer, convocation.booking_id, State.MISSED, now=after)
    told = claim(session, after + timedelta(hours=1))
    note_outcome(session, desk.officer, convocation.booking_id, State.HONOURED, now=after)
    force(session, convocation)
    session.execute(text("DELETE FROM message WHERE kind <> 'missed'"))

    assert [one.kind for one in told.outgoing] == [MessageKind.MISSED]
    assert claim(session, after + timedelta(hours=2)).outgoing == []
    assert states(session, convocation) == {MessageKind.MISSED: (MessageState.CANCELLED, Failure.OTHER_STATE)}


def test_after_an_outage_what_is_useful_leaves_late_and_the_rest_is_outdated(session: Session) -> None:
    _, convocation = convened(session)
    before = NINE - timedelta(minutes=59)  # the reminder would be of no use; the confirmation still tells the place

    claimed = claim(session, before)

    assert [one.kind for one in claimed.outgoing] == [CONFIRMATION]
    assert states(session, convocation)[REMINDER] == (MessageState.OUTDATED, Failure.TOO_LATE)


@pytest.mark.parametrize("now", [NINE, NINE + timedelta(days=3)])
def test_nothing_leaves_of_what_has_begun(session: Session, now: datetime) -> None:
    _, convocation = convened(session)

    assert claim(session, now).outgoing == []
    assert set(states(session, convocation).values()) == {(MessageState.OUTDATED, Failure.TOO_LATE)}


def test_who_refuses_messages_gets_none_until_they_want_them_again(session: Session) -> None:
    desk, convocation = convened(session)
    refuse_sms(session, desk.officer, desk.person.id, now=NOW)

    withheld = claim(session)
    accept_sms(session, desk.officer, desk.person.id, now=NOW)
    force(session, convocation)

    assert withheld.outgoing == []
    assert len(claim(session).outgoing) == 2


def test_a_notice_is_not_refused_with_the_reminders(session: Session) -> None:
    desk, _ = convened(session)
    refuse_sms(session, desk.officer, desk.person.id, now=NOW)
    session.execute(text("UPDATE message SET category = 'notice'"))

    assert len(claim(session).outgoing) == 1


@pytest.mark.parametrize(
    ("phone", "failure"), [("", Failure.NO_PHONE), ("01 42 68 53 00", Failure.NOT_MOBILE)], ids=["none", "landline"]
)
def test_a_phone_that_receives_nothing_is_told_to_agents(session: Session, phone: str, failure: Failure) -> None:
    _, convocation = convened(session, phone=phone)

    assert claim(session).outgoing == []
    assert states(session, convocation)[CONFIRMATION] == (MessageState.FAILED, failure)


def test_a_number_sealed_with_another_secret_fails_and_stops_nobody(session: Session) -> None:
    _, convocation = convened(session)

    assert claim(session, house=House(b"another secret, as long as it is")).outgoing == []
    assert states(session, convocation)[CONFIRMATION] == (MessageState.FAILED, Failure.UNREADABLE)


def test_a_place_without_address_names_nothing_and_fails(session: Session) -> None:
    _, convocation = convened(session)
    session.execute(text("UPDATE site SET address = '', postcode = '', commune = ''"))

    assert claim(session).outgoing == []
    assert states(session, convocation)[CONFIRMATION] == (MessageState.FAILED, Failure.NO_ADDRESS)


def test_one_that_cannot_be_written_keeps_no_other_from_leaving(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    desk, convocation = convened(session)
    session.flush()
    session.execute(text("UPDATE person SET time_zone = 'Nowhere/Land'"))
    other = convene(session, desk.officer, make_somebody(session, desk.officer).id, desk.at(TEN), now=NOW)

    assert len(claim(session).outgoing) == 1
    assert states(session, convocation)[CONFIRMATION] == (MessageState.FAILED, Failure.UNWRITABLE)
    assert states(session, other)[CONFIRMATION] == (MessageState.SENDING, "")
    assert "cannot be written" in caplog.text


def test_nothing_is_sent_to_somebody_erased(session: Session) -> None:
    desk, convocation = convened(session)
    given_back(session, desk, convocation)
    erase_person(session, desk.officer, desk.person.id, now=NOW)
    force(session, convocation)

    assert claim(session).outgoing == []
    assert states(session, convocation)[CONFIRMATION] == (MessageState.CANCELLED, Failure.ERASED)


def at(hour: int, minute: int = 0, day: int = 3) -> datetime:
    """Return an instant of March 2026; the third is a Tuesday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "leaves_at"),
    [
        ("Europe/Paris", at(18, 59), at(18, 59)),
        ("Europe/Paris", at(19), at(7, day=4)),
        ("Europe/Paris", at(6, 59), at(7)),
        ("America/Martinique", at(11, 59), at(12)),
        ("America/Martinique", at(23, 59), at(23, 59)),
        ("America/Martinique", at(0, 0, day=4), at(12, day=4)),
        ("Indian/Reunion", at(15, 59), at(15, 59)),
        ("Indian/Reunion", at(16), at(4, day=4)),
        ("Pacific/Noumea", at(8, 59), at(8, 59)),
        ("Pacific/Noumea", at(9), at(21)),
        ("Europe/Paris", at(10, day=8), at(7, day=9)),  # a Sunday
    ],
)
def test_a_message_leaves_by_day_where_the_person_is(
    session: Session, zone: str, now: datetime, leaves_at: datetime
) -> None:
    desk, _ = convened(session)
    desk.person.time_zone = zone
    session.execute(text("DELETE FROM message WHERE kind = 'reminder'"))

    claimed = claim(session, now)

    if leaves_at == now:
        assert len(claimed.outgoing) == 1
        return
    assert claimed.outgoing == []
    assert claim(session, leaves_at - timedelta(seconds=1)).seen == 0, "it waits, and is not looked at again"
    assert len(claim(session, leaves_at).outgoing) == 1


def test_a_public_holiday_where_the_person_is_is_no_day_to_send(session: Session) -> None:
    desk, _ = convened(session)
    desk.person.time_zone, desk.person.holiday_zone = "America/Martinique", "MQ"
    session.execute(text("UPDATE message SET useful_until = '2026-06-30'"))
    session.execute(text("UPDATE booking SET starts_at = '2026-06-30', ends_at = '2026-06-30 01:00'"))
    session.execute(text("UPDATE message SET about_at = '2026-06-30'"))
    abolition = datetime(2026, 5, 22, 15, tzinfo=UTC)

    assert claim(session, abolition).outgoing == []
    assert len(claim(session, abolition + timedelta(days=1)).outgoing) == 2


def test_the_sender_says_what_became_of_it(session: Session) -> None:
    convened(session)
    (one,) = claim(session).outgoing

    assert settle(session, [sent(one, "SM1", SOON)], now=SOON) == 1

    message = session.get_one(Message, one.id, populate_existing=True)
    assert (message.state, message.sent_at, message.provider_id) == (MessageState.SENT, SOON, "SM1")
    assert message.lease_until is None


def test_what_was_put_back_leaves_again_at_its_time_and_is_checked_again(session: Session) -> None:
    desk, _ = convened(session)
    (one,) = claim(session).outgoing
    later = SOON + timedelta(minutes=5)

    settle(session, [put_back(one, Failure.PROVIDER_BUSY, later)], now=SOON)

    assert claim(session, later - timedelta(seconds=1)).seen == 0
    (again,) = claim(session, later).outgoing
    assert again.attempts == 2
    settle(session, [put_back(again, Failure.PROVIDER_BUSY, later)], now=later)
    refuse_sms(session, desk.officer, desk.person.id, now=later)
    assert claim(session, later).outgoing == []


def test_a_number_blocked_at_the_provider_refuses_messages_from_now_on(session: Session) -> None:
    desk, convocation = convened(session)
    (one,) = claim(session).outgoing

    settle(session, [failed(one, Failure.BLOCKED)], now=SOON)

    refusal = session.get_one(SmsRefusal, desk.person.id)
    written = session.execute(text("SELECT actor_id, facts FROM history WHERE act = 'sms-refused'")).one()
    assert states(session, convocation)[CONFIRMATION] == (MessageState.FAILED, Failure.BLOCKED)
    assert (refusal.how, written.actor_id, written.facts) == ("provider", None, {"how": "provider"})


def test_whoever_lost_the_lease_comes_too_late(session: Session) -> None:
    _, convocation = convened(session)
    (one,) = claim(session).outgoing
    end = SOON + LEASE
    assert stale(session, house=HOUSE, now=end - timedelta(microseconds=1), again=LEASE) == []
    (taken,) = stale(session, house=HOUSE, now=end, again=LEASE)

    assert settle(session, [failed(one, "provider-1")], now=end) == 0
    assert states(session, convocation)[CONFIRMATION] == (MessageState.SENDING, "")
    assert settle(session, [flagged(taken)], now=end) == 1
    assert (taken.to, taken.body, taken.claimed_at) == (one.to, one.body, one.claimed_at)


def test_a_lease_that_ended_is_asked_about_by_one_only(session: Session) -> None:
    convened(session)
    claim(session)
    end = SOON + LEASE

    assert len(stale(session, house=HOUSE, now=end, again=LEASE)) == 1
    assert stale(session, house=HOUSE, now=end, again=LEASE) == []
    assert len(stale(session, house=HOUSE, now=end + LEASE, again=LEASE)) == 1


def test_a_lease_on_somebody_erased_is_flagged(session: Session) -> None:
    _, convocation = convened(session)
    claim(session)
    session.execute(text("DELETE FROM person_key"))

    assert stale(session, house=HOUSE, now=SOON + LEASE, again=LEASE) == []
    assert states(session, convocation)[CONFIRMATION] == (MessageState.FLAGGED, Failure.UNKNOWN)


def claimed_at_once(database: Database) -> list[Any]:
    """Return the messages of each of four who claim twenty at the same moment."""
    one = partial(act, database.engine, claim, limit=20)
    answers = at_once([one] * 4)
    return [message.id for answer in answers if isinstance(answer, Claimed) for message in answer.outgoing]


def test_two_who_claim_at_once_never_share_a_message(database: Database) -> None:
    act(database.engine, make_offers, 80)

    claimed = claimed_at_once(database)

    assert len(claimed) == len(set(claimed)) == 80


def test_control_claimed_without_lock_they_share_them(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    act(database.engine, make_offers, 80)
    unlocked = str(delivery.CLAIM).replace("FOR NO KEY UPDATE SKIP LOCKED", "")
    slowly = text(f"SELECT * FROM ({unlocked}) claimed, (SELECT pg_sleep(0.3)) slept")  # noqa: S608 - a constant
    monkeypatch.setattr(delivery, "CLAIM", slowly)

    claimed = claimed_at_once(database)

    assert len(claimed) > len(set(claimed))


def test_a_cancellation_that_waits_for_a_claim_is_told(database: Database) -> None:
    """The message was leaving as the place was given back: the person reads that it is cancelled."""
    with Session(database.engine, expire_on_commit=False) as session, session.begin():
        desk, convocation = convened(session)
        officer, booking_id = desk.officer, convocation.booking_id
    assert booking_id

    with Session(database.engine) as sender, sender.begin():
        assert len(claim(sender).outgoing) == 1
        give_back = partial(act, database.engine, cancel, officer, booking_id, now=SOON)

        def let_go() -> None:
            wait_until_somebody_waits(database.engine)
            sender.commit()

        at_once([give_back, let_go])

    with Session(database.engine) as session:
        assert states(session, convocation)[MessageKind.CANCELLATION] == (MessageState.PLANNED, "")
        assert states(session, convocation)[CONFIRMATION] == (MessageState.SENDING, "")
