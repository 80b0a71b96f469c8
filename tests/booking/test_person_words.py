"""How people and their files are said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from booking.divestment import ListedDivestment, ToAnswer
from booking.pages import person_words as words
from booking.person_models import DivestmentState, PhoneKind, Said
from booking.person_phones import PhoneLine
from booking.person_sheet import HistoryOf
from portal.ui.dates import NBSP

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = NOW.date()


def said(text: str) -> str:
    """Return a text as it is typed."""
    return text.replace(NBSP, " ")


def phone(**changes: Any) -> PhoneLine:
    """Return a number of somebody."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "kind": PhoneKind.RELATIVE,
        "number": "+33639980000",
        "can_receive_sms": True,
        "since_on": date(2026, 1, 5),
        "until_on": None,
        "is_for_messages": False,
        "consent_at": None,
        "consent_how": None,
        "refused_at": None,
        "refused_how": None,
    }
    return PhoneLine(**values | changes)


def test_a_phone_says_whose_since_when_and_what_was_said_of_it() -> None:
    at = NOW - timedelta(days=1)
    card = words.phone_card(
        phone(consent_at=at, consent_how=Said.ORAL, refused_at=NOW, refused_how=Said.STOP), today=TODAY
    )

    assert (said(card.number), card.call, card.kind) == ("+33 6 39 98 00 00", "tel:+33639980000", "D’un proche")
    assert said(card.since) == "depuis le lun. 5 janv."
    assert said(card.consent) == "Accord dit de vive voix le dim. 1er mars"
    assert said(card.refusal) == "Refus par STOP le lun. 2 mars"
    assert card.can_receive
    over = words.phone_card(phone(until_on=date(2026, 2, 1), is_for_messages=False), today=TODAY)
    assert said(over.since) == "du lun. 5 janv. au dim. 1er févr."
    assert (over.is_over, over.can_receive) == (True, False)
    assert not words.phone_card(phone(can_receive_sms=False), today=TODAY).can_receive


@pytest.mark.parametrize(
    ("act", "facts", "who", "sentence"),
    [
        ("person-changed", {"fields": ["address", "usage_name"]}, "Moi", "Vous avez changé l’adresse, le nom d’usage."),
        ("person-created", {}, "Camille Exemple", "Camille Exemple a ouvert le dossier."),
        ("person-phone-refused", {"how": "written"}, "Moi", "Vous avez noté un refus des SMS (écrit)."),
        ("booking-booked", {"before": "held"}, "Camille Exemple", "Camille Exemple a réservé la place."),
        ("divestment-automatic", {}, None, "Le dossier est passé : personne n’a répondu en dix jours."),
    ],
)
def test_the_history_says_who_did_what(act: str, facts: dict[str, Any], who: str | None, sentence: str) -> None:
    line = HistoryOf(
        at=NOW, act=act, subject="person", subject_id="", facts=facts, who=who, is_clock=who is None, is_themselves=None
    )

    assert said(words.history_line(line, me="Moi", now=NOW)[1]) == sentence


def divestment(**changes: Any) -> ListedDivestment:
    """Return a file that another service asks for."""
    values: dict[str, Any] = {
        "id": uuid4(),
        "person_id": uuid4(),
        "state": DivestmentState.ASKED,
        "from_territory_id": 1,
        "to_territory_id": 2,
        "from_name": "Lyon",
        "to_name": "Vienne",
        "is_ours_to_answer": True,
        "is_ours": False,
        "family_name": "FICTIF",
        "given_name": "Alix",
        "birth_on": date(1990, 5, 17),
        "sex": "F",
        "why": "a déménagé",
        "answer": "",
        "asked_at": NOW - timedelta(days=8),
        "due_at": NOW + timedelta(days=2),
        "reminded_at": None,
        "ended_at": None,
        "to_come": 2,
    }
    return ListedDivestment(**values | changes)


def test_a_file_that_passes_says_from_whom_to_whom_until_when_and_what_stays() -> None:
    card = words.passing_card(divestment(), now=NOW)

    assert card.title == "FICTIF Alix, née le 17/05/1990"
    assert [said(line) for line in card.lines] == [
        "Lyon, vers Vienne",
        "Demandé le dim. 22 févr.",
        "Motif : a déménagé",
        "Sans réponse, le dossier passe après-demain, le mer. 4 mars.",
        "2 rendez-vous à venir restent au service qui donne le dossier : déplacez-les ou rendez-les au besoin.",
    ]
    assert (card.can_answer, card.can_withdraw) == (True, False)
    over = words.passing_card(divestment(state=DivestmentState.REFUSED, answer="non", is_ours=True), now=NOW)
    assert (over.state, over.can_answer, over.can_withdraw) == ("refusé", False, False)


def test_a_day_says_how_many_files_wait_and_until_when() -> None:
    assert words.to_answer_words(ToAnswer(0, None, 0), now=NOW) == ""
    one, two = (said(words.to_answer_words(ToAnswer(count, NOW + timedelta(days=1), 0), now=NOW)) for count in (1, 2))
    assert one == "1 dessaisissement attend votre réponse : sans elle, le dossier passe demain"
    assert two == "2 dessaisissements attendent votre réponse : sans elle, le premier passe demain"
