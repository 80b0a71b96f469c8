"""Answers to messages: understood in each language, done once on the right appointment, or told why not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlmodel import Session

from booking.models import State
from booking.moving import move
from booking.persons import LANGUAGES, erase_person
from convocations.actions import convene, let_choose
from convocations.answering import Heard, Replied, Reply, answer, reply_text
from convocations.answers import ASKINGS, Answer, asked, understood
from convocations.delivery import claim_due, sent, settle
from convocations.kinds import MessageKind, Standing
from convocations.models import Convocation
from convocations.routes import Routes
from convocations.segments import Encoding, measure
from tests.convocations.crowd import located
from tests.convocations.desk import HALF_PAST, HOUSE, NINE, TEN, Desk, make_desk
from tests.factories import NOW

SOON = NOW + timedelta(minutes=1)
PHONE, ORIGIN = "+33639981234", "https://placejuste.example"
BY_NUMBER = Routes(usable=("twilio",), answering=frozenset({"twilio"}))
EVERYWHERE = {"STOP": Answer.STOP, "Arrêt": Answer.STOP, "1.": Answer.FIRST, "\uff12": Answer.SECOND}
PARIS = ZoneInfo("Europe/Paris")


def test_every_language_has_its_words_and_what_asks_for_them() -> None:
    assert set(ASKINGS) >= LANGUAGES
    for language, asking in ASKINGS.items():
        for listed, wanted in (
            (asking.yes, Answer.YES), (asking.no, Answer.NO), (asking.stop, Answer.STOP), (asking.start, Answer.START)
        ):  # fmt: skip
            for word in filter(None, listed.split(", ")):
                assert understood(f" {word.upper()} ! 🙂", [language]) is wanted, (language, word)
        for word, wanted in (
            ("STOP", Answer.STOP),
            ("Arrêt", Answer.STOP),
            ("1.", Answer.FIRST),
            ("２", Answer.SECOND),
        ):
            assert understood(word, [language]) is wanted, (language, word)
    for language in LANGUAGES:
        choice = asked(MessageKind.OFFER, language, (NINE, TEN), PARIS)
        assert "1" in choice
        assert "2" in choice
        assert "{" not in choice + asked(MessageKind.REMINDER, language, (), PARIS)


@pytest.mark.parametrize(
    ("body", "language", "wanted"),
    [
        ("Oui merci 👍🏽", "fr", Answer.YES),
        ("OUI.", "ar", Answer.YES),
        ("bonjour, le n°2 svp", "fr", Answer.SECOND),
        ("Je ne peux pas venir, merci", "fr", Answer.NO),
        ("D’accord", "fr", Answer.YES),
        ("👍", "tr", Answer.YES),
        ("hayır", "tr", Answer.NO),
        ("NÃO", "pt", Answer.NO),
        ("١", "ar", Answer.FIRST),
        ("oui mais pas à 9 h", "fr", Answer.UNCLEAR),
        ("oui non", "fr", Answer.UNCLEAR),
        ("12", "fr", Answer.UNCLEAR),
        ("", "fr", Answer.UNCLEAR),
        ("je", "fr", Answer.UNCLEAR),
    ],
)
def test_an_answer_says_one_thing_or_is_not_understood(body: str, language: str, wanted: Answer) -> None:
    assert understood(body, [language]) is wanted


def leave(session: Session, *, now: datetime = SOON, routes: Routes = BY_NUMBER) -> list[str]:
    """Have what is due leave, and return the texts."""
    session.flush()
    claimed = claim_due(session, house=HOUSE, origin=ORIGIN, routes=routes, now=now, lease=timedelta(minutes=1))
    settle(session, [sent(one, f"SM{one.id.hex}", now) for one in claimed.outgoing], now=now)
    return [one.body for one in claimed.outgoing]


def said(session: Session, body: str, *, sid: str = "IN1", now: datetime = SOON, **more: Any) -> Replied:
    heard = Heard(provider="twilio", provider_id=sid, mark=HOUSE.blind_index(PHONE), body=body, **more)
    return answer(session, heard, now=now)


def summoned(session: Session, start: datetime = NINE, desk: Desk | None = None) -> tuple[Desk, Convocation]:
    desk = desk or located(make_desk(session))
    return desk, convene(session, desk.officer, desk.person.id, desk.at(start), now=NOW)


def offered(session: Session) -> tuple[Desk, Convocation, str]:
    desk = located(make_desk(session))
    last = NINE.date()
    one = let_choose(session, desk.officer, desk.person.id, [desk.agent.id], choose_by=last, now=NOW)
    (body,) = leave(session)
    return desk, one, body


def stands(session: Session, one: Convocation) -> tuple[str, datetime | None, bool]:
    """Return where a convocation stands, the start that it has, and whether its person said that they come."""
    row = session.execute(
        text("""
            SELECT c.standing, b.starts_at, b.state, c.confirmed_at FROM convocation c
            LEFT JOIN booking b ON b.id = c.booking_id WHERE c.id = :id"""),
        {"id": one.id},
    ).one()
    return row.standing, row.starts_at if row.state == State.BOOKED else None, row.confirmed_at is not None


def test_yes_confirms_and_no_gives_the_place_back_once_each(session: Session) -> None:
    desk, one = summoned(session)
    (body,) = leave(session)
    first, again = said(session, "Oui"), said(session, "Oui", now=SOON + timedelta(minutes=1))
    confirmed = stands(session, one)
    lines = session.execute(text("SELECT count(*) FROM history WHERE act = 'convocation-confirmed'")).scalar()
    declined = said(session, "NON merci", sid="IN2")

    assert body.endswith("Répondez OUI pour confirmer, NON si vous ne pouvez pas venir.")
    assert measure(body).encoding is Encoding.GSM_7
    assert (first.reply, again, lines) == (Reply.COMING, first, 1)
    assert reply_text(first, HOUSE, ORIGIN) == "Votre venue est confirmée. Mardi 10 mars à 9 h."
    assert confirmed == (Standing.SET, NINE, True)
    assert declined.reply is Reply.NOT_COMING
    assert stands(session, one) == (Standing.DECLINED, None, False)
    assert f"{ORIGIN}/r/" in reply_text(declined, HOUSE, ORIGIN)
    assert said(session, "NON", sid="IN3").reply is Reply.NOTHING
    assert desk.person.id


@pytest.mark.parametrize(("word", "start"), [("1", NINE), ("le 2", HALF_PAST)])
def test_one_or_two_takes_the_date_that_was_proposed(session: Session, word: str, start: datetime) -> None:
    _, one, body = offered(session)

    replied = said(session, word)

    assert body.endswith("Répondez 1 pour mardi 10 mars à 9 h, 2 pour mardi 10 mars à 9 h 30.")
    assert (replied.reply, stands(session, one)) == (Reply.BOOKED, (Standing.SET, start, False))


def test_a_date_taken_meanwhile_and_an_answer_that_fits_nothing_are_told(session: Session) -> None:
    desk, one, _ = offered(session)
    assert said(session, "oui").reply is Reply.UNCLEAR
    desk.agent.is_active = False
    session.flush()

    assert said(session, "1", sid="IN2").reply is Reply.TAKEN
    assert stands(session, one)[0] == Standing.CHOOSING


def test_an_answer_to_an_hour_that_has_moved_since_changes_nothing(session: Session) -> None:
    desk, one = summoned(session)
    leave(session)
    assert one.booking_id
    move(session, desk.officer, one.booking_id, desk.at(TEN), now=SOON)

    replied = said(session, "oui")

    assert (replied.reply, replied.starts_at) == (Reply.CHANGED, TEN)
    assert stands(session, one) == (Standing.SET, TEN, False)


def test_of_several_appointments_none_is_guessed(session: Session) -> None:
    desk, first = summoned(session)
    _, second = summoned(session, TEN, desk)
    leave(session)

    assert said(session, "non").reply is Reply.SEVERAL
    assert (stands(session, first)[0], stands(session, second)[0]) == (Standing.SET, Standing.SET)


def test_stop_and_start_are_heard_whoever_answers_them(session: Session) -> None:
    def refuses() -> list[str]:
        return list(session.execute(text("SELECT how FROM sms_refusal")).scalars())

    summoned(session)
    leave(session)
    stopped = said(session, "Arrêt !")
    how = refuses()
    resumed = said(session, "reprendre", sid="IN2")
    by_provider = said(session, "STOP", sid="IN3", opted="STOP")
    still = refuses()
    yes = said(session, "Yes", sid="IN4", opted="START")

    assert (stopped.reply, how, resumed.reply) == (Reply.STOPPED, ["sms"], Reply.RESUMED)
    assert (by_provider.reply, still, reply_text(by_provider, HOUSE, ORIGIN)) == (Reply.NONE, ["provider"], "")
    assert (yes.reply, refuses()) == (Reply.COMING, [])


def test_nobody_known_is_told_so_and_somebody_erased_is_not_known(session: Session) -> None:
    desk, one = summoned(session)
    leave(session)
    said(session, "non")
    assert session.execute(text("SELECT count(*) FROM sms_number")).scalar() == 1
    erase_person(session, desk.officer, desk.person.id, now=NINE + timedelta(days=200))

    assert said(session, "oui", sid="IN2").reply is Reply.NOTHING
    assert session.execute(text("SELECT count(*) FROM sms_number")).scalar() == 0
    assert one.id


def test_a_name_that_cannot_receive_asks_for_no_answer(session: Session) -> None:
    summoned(session)
    (body,) = leave(session, routes=Routes(usable=("twilio",)))

    assert "OUI" not in body
