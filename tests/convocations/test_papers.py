"""Letters and statements as PDF: what they say and never say, who may have them, and what is written down of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.errors import InvalidRequest, NotFound
from availability.rights import Actor, Role
from booking.models import State
from booking.outcomes import note_outcome
from booking.persons import NewPerson, create_person
from convocations import day_letters
from convocations.actions import convene, let_choose, refuse_sms, withdraw
from convocations.day_letters import Whom, letters_of_day, mark_of, parts_of, within
from convocations.errors import ConvocationOver
from convocations.letter_paper import letters_pdf
from convocations.letters import Letter, address_lines, letter_for
from convocations.models import Convocation
from convocations.pages.addresses import link_of
from convocations.pages.convocations import letter_files
from convocations.pages.statement_paper import statement_pdf
from convocations.paper_models import ServedHow
from convocations.proof import Device, note_opening
from convocations.serving import note_served, served_of, take_back_served
from convocations.statement import statement_made, statement_of_convocation, statement_of_person
from tests.convocations.desk import HALF_PAST, HOUSE, NINE, Desk, make_desk, make_somebody, sent
from tests.convocations.pdf import pages_of, text_of
from tests.factories import NOW, in_days, make_actor, make_territory

HALF_AN_HOUR = timedelta(minutes=30)
LOOKS = text("SELECT count(*) FROM consultation WHERE subject_id = :id AND reason = :reason")


def letter(session: Session, desk: Desk, convocation: Convocation) -> Letter:
    return letter_for(session, desk.officer, convocation.id, house=HOUSE, link_of=link_of, now=NOW)


def looks(session: Session, desk: Desk, reason: str) -> int:
    return int(session.execute(LOOKS, {"id": str(desk.person.id), "reason": reason}).scalar_one())


def test_a_letter_says_whom_when_where_and_the_link_and_never_why(session: Session) -> None:
    desk = make_desk(session, label="obligation de soins")
    made = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    paper = letter(session, desk, made)
    content = letters_pdf([paper], now=NOW)

    said = text_of(content).replace("\u00a0", " ")
    assert "Monsieur Alix DÉMONSTRATION" in said
    assert "mardi 10 mars 2026 à 9 h" in said
    assert paper.link in said.replace("\n", "")
    assert "Objet : convocation à un rendez-vous" in said
    assert "soins" not in said
    assert b"/Lang (fr-FR)" in content
    assert looks(session, desk, "letter") == 1


@pytest.mark.parametrize(
    ("language", "word"),
    [("ru", "вторник"), ("ro", "marți"), ("tr", "Salı"), ("ka", "მარტი"), ("ar", ""), ("zh", ""), ("fr", "")],
)
def test_the_language_of_the_person_follows_when_the_typeface_has_its_letters(
    session: Session, language: str, word: str
) -> None:
    desk = make_desk(session)
    desk.person.language = language
    session.flush()

    paper = letter(session, desk, convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW))

    assert bool(paper.other) is bool(word)
    assert word in text_of(letters_pdf([paper], now=NOW))


def test_french_typography_and_whatever_was_typed_reach_the_paper(session: Session) -> None:
    desk = make_desk(session)
    odd = NewPerson(
        family_name="L’ŒUVRÉ «\u202fÇ\u202f» 漢",
        given_name="Zoë",
        birth_on=in_days(-9000),
        sex="F",
        address="Bât. C, 3 rue de l’Œillet, 59000 Lille",
    )
    person = create_person(session, desk.officer, odd, house=HOUSE, now=NOW, fiction=True)

    paper = letter(session, desk, convene(session, desk.officer, person.id, desk.at(NINE), now=NOW))

    said = text_of(letters_pdf([paper], now=NOW))
    assert "Madame Zoë L’ŒUVRÉ «\u202fÇ\u202f» □" in said
    assert "Bât. C\n3 rue de l’Œillet\n59000 LILLE" in said


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("3 rue Neuve 59000 Lille", ("3 rue Neuve", "59000 LILLE")),
        ("Chez M. X, 3 rue Neuve, 59000 Lille", ("Chez M. X", "3 rue Neuve", "59000 LILLE")),
        ("Lille", ("Lille",)),
        ("", ()),
    ],
)
def test_an_address_is_cut_as_an_envelope_shows_it(typed: str, lines: tuple[str, ...]) -> None:
    assert address_lines(typed) == lines


def test_nothing_is_written_for_what_is_over_or_of_elsewhere(session: Session) -> None:
    desk = make_desk(session)
    made = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    stranger = make_actor(Role.PROBATION_OFFICER, make_territory(session))

    with pytest.raises(NotFound):
        letter_for(session, stranger, made.id, house=HOUSE, link_of=link_of, now=NOW)
    with pytest.raises(NotFound):
        statement_of_convocation(session, stranger, made.id, house=HOUSE, now=NOW)
    withdraw(session, desk.officer, made.id, now=NOW)
    with pytest.raises(ConvocationOver):
        letter(session, desk, made)


def test_the_letters_of_a_day_are_one_file_in_the_order_of_the_day(session: Session) -> None:
    desk = make_desk(session)
    later = convene(session, desk.officer, desk.person.id, desk.at(HALF_PAST), now=NOW)
    first = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    let_choose(session, desk.officer, desk.person.id, [desk.agent.id], choose_by=in_days(5), now=NOW)

    asked = of_day(session, desk)
    content = letters_pdf([letter(session, desk, session.get_one(Convocation, one)) for one in asked], now=NOW)

    assert asked == [first.id, later.id]
    assert of_day(session, desk, now=NINE + timedelta(hours=2)) == of_day(session, desk, desk.world.stranger) == []
    assert pages_of(content) == 2


def of_day(
    session: Session, desk: Desk, actor: Actor | None = None, *, whom: Whom = Whom.ALL, now: datetime = NOW
) -> list[UUID]:
    session.flush()
    asked = letters_of_day(session, actor or desk.officer, NINE.date(), house=HOUSE, now=now, whom=whom)
    return [one.mark.id for one in asked]


def test_a_desk_prints_the_letters_of_those_who_have_no_mobile_or_receive_no_sms(session: Session) -> None:
    desk = make_desk(session)
    phones = {"mobile": "06 39 98 12 35", "fixed": "01 99 00 12 34", "none": "", "refuses": "06 39 98 12 36"}
    made = {}
    for number, (name, phone) in enumerate(phones.items()):
        who = make_somebody(session, desk.officer, phone=phone)
        made[convene(session, desk.officer, who.id, desk.at(NINE + number * HALF_AN_HOUR), now=NOW).id] = name
        if name == "refuses":
            refuse_sms(session, desk.officer, who.id, now=NOW)

    said = {whom: [made[one] for one in of_day(session, desk, whom=whom)] for whom in Whom}

    assert said == {
        Whom.ALL: list(phones),
        Whom.NO_MOBILE: ["fixed", "none"],
        Whom.NO_SMS: ["fixed", "none", "refuses"],
    }


def test_the_letters_of_a_day_are_in_files_that_leave_none_out_whatever_is_called_off_between_two(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_letters, "MOST", 2)
    desk = make_desk(session)
    made = [convene(session, desk.officer, desk.person.id, desk.at(NINE + n * HALF_AN_HOUR), now=NOW) for n in range(5)]
    found = letters_of_day(session, desk.officer, NINE.date(), house=HOUSE, now=NOW)
    files = [(str(one.after or ""), str(one.until)) for one in parts_of(found)]
    withdraw(session, desk.officer, made[0].id, now=NOW)  # of the first file, already printed
    session.flush()

    now_there = letters_of_day(session, desk.officer, NINE.date(), house=HOUSE, now=NOW)
    printed = [within(now_there, mark_of(after), mark_of(until)) for after, until in files]

    assert printed == [[made[1].id], [made[2].id, made[3].id], [made[4].id]]
    offered = letter_files(found, NINE.date(), Whom.NO_SMS)
    assert [one.words.replace("\u00a0", " ") for one in offered][1:] == [
        "Fichier 2 sur 3 : 2 lettres, de 10 h à 10 h 30 (PDF)",
        "Fichier 3 sur 3 : 1 lettre, à 11 h (PDF)",
    ]
    assert "jusque" not in offered[-1].href, "what is added meanwhile is printed with the last"
    assert mark_of("2026-03-10T08:00:00_x") is mark_of("") is None


def test_what_is_served_outside_is_a_day_and_a_kind_and_can_be_taken_back(session: Session) -> None:
    desk = make_desk(session)
    made = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    for _ in range(2):
        note_served(session, desk.officer, made.id, ServedHow.HAND, NOW.date(), now=NOW)
    noted = served_of(session, desk.officer, made.id)
    with pytest.raises(InvalidRequest):
        note_served(session, desk.officer, made.id, ServedHow.HAND, in_days(1), now=NOW)
    with pytest.raises(InvalidRequest):
        note_served(session, desk.officer, made.id, ServedHow.HAND, in_days(-1), now=NOW)
    take_back_served(session, desk.officer, made.id, ServedHow.HAND, NOW.date(), now=NOW)

    assert [(one.how, one.on_day) for one in noted] == [(ServedHow.HAND, NOW.date())]
    assert served_of(session, desk.officer, made.id) == ()
    acts = text("SELECT act FROM history WHERE subject_id = :id AND act LIKE '%served' ORDER BY id")
    assert list(session.execute(acts, {"id": str(made.id)}).scalars()) == [
        "convocation-served",
        "convocation-not-served",
    ]


def test_a_statement_shows_each_step_class_by_class_and_its_mark_is_known_here(session: Session) -> None:
    desk = make_desk(session)
    made = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)
    sent(session, made.id)
    session.execute(
        text("UPDATE message SET delivered_at = sent_at, provider_id = 'SM-proof' WHERE state = 'sent'"),
    )
    note_opening(session, made.id, Device.PHONE, now=NOW + timedelta(hours=1))
    note_served(session, desk.officer, made.id, ServedHow.HAND, NOW.date(), now=NOW)
    after = NINE + timedelta(hours=2)
    note_outcome(session, desk.officer, made.booking_id, State.HONOURED, now=after)

    statement = statement_of_convocation(session, desk.officer, made.id, house=HOUSE, now=after)
    said = " ".join(text_of(statement_pdf(statement)).split())

    for words in (
        "remis au téléphone le",
        "SM-proof",
        "Le lien a été ouvert avec un téléphone",
        "Remise en main propre.",
        "a noté la venue",
        statement.mark,
    ):
        assert words in said
    assert (found := statement_made(session, statement.mark)) is not None
    assert (found.at, found.of) == (after, "convocation")
    assert statement_made(session, "0" * 64) is None
    assert looks(session, desk, "statement") == 1


def test_the_mark_changes_with_any_fact_and_only_then(session: Session) -> None:
    desk = make_desk(session)
    made = convene(session, desk.officer, desk.person.id, desk.at(NINE), now=NOW)

    first = statement_of_person(session, desk.officer, desk.person.id, house=HOUSE, now=NOW)
    again = statement_of_person(session, desk.officer, desk.person.id, house=HOUSE, now=NOW)
    note_opening(session, made.id, Device.PHONE, now=NOW)
    changed = statement_of_person(session, desk.officer, desk.person.id, house=HOUSE, now=NOW)

    assert first.mark == again.mark != changed.mark
