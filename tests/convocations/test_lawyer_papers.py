"""What the proofs of a lawyer say: the date and the hour, or why there was none and when that was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlmodel import Session

from booking.lawyer_dates import confirm_date, note_attempt, take_date
from booking.lawyer_hearings import attempt_of, hearing_of
from booking.lawyer_models import Procedure, WhyNone
from booking.models import State
from booking.pages.lawyer_words import NONE_TITLES, NONE_WORDS, nature_typed
from convocations.pages.lawyer_paper import attempt_pdf, date_pdf
from tests.booking.bar import HOUSE, asked_of, make_lawyer, make_rule
from tests.booking.court import SmallCourt, make_court
from tests.convocations.pdf import pages_of, text_of
from tests.factories import NOW

KNOWN = {"20J": "Divorce autre que par consentement mutuel", "20": "Divorce", "22": "Obligations"}


@pytest.fixture
def court(session: Session) -> SmallCourt:
    """A court that lets lawyers take dates."""
    court = make_court(session)
    make_rule(session, court)
    return court


def test_the_proof_of_a_date_says_when_it_is_when_it_was_taken_and_until_when_the_summons_may_come(
    session: Session, court: SmallCourt
) -> None:
    lawyer = make_lawyer(session, court)
    taken = take_date(session, lawyer, asked_of(court), court.hearing(session, in_days=30), now=NOW)
    confirm_date(session, lawyer, taken.booking_id, parties="Exemple c/ Fictif 漢", house=HOUSE, now=NOW)
    hearing = hearing_of(session, lawyer, taken.booking_id, house=HOUSE, now=NOW)

    paper = date_pdf(hearing, lawyer="Ada Fictive", known=KNOWN, now=NOW)

    said = " ".join(text_of(paper).split())
    for words in ("mercredi 1er avril 2026 à 11 h", hearing.case_ref, "Exemple c/ Fictif", "lundi 2 mars 2026 à 10 h"):
        assert words in said
    assert "mardi 17 mars 2026, quinze jours avant l’audience (CPC, art. 754)" in said
    assert pages_of(paper) == 1
    given_back = replace(hearing, state=State.CANCELLED)
    said = " ".join(text_of(date_pdf(given_back, lawyer="Ada Fictive", known=KNOWN, now=NOW)).split())
    assert ("L’audience était fixée le" in said, "CPC" in said) == (True, False)


@pytest.mark.parametrize("why", list(WhyNone))
def test_the_proof_of_an_attempt_says_when_it_was_and_why_there_was_no_date(
    session: Session, court: SmallCourt, why: WhyNone
) -> None:
    lawyer = make_lawyer(session, court)
    row = note_attempt(session, lawyer, asked_of(court, procedure=Procedure.SUMMARY), now=NOW)
    row.why = why
    attempt = replace(attempt_of(session, lawyer, row.id), row=row)

    said = " ".join(text_of(attempt_pdf(attempt, lawyer="Ada Fictive", known=KNOWN, now=NOW)).split())

    assert "lundi 2 mars 2026 à 10 h 00 min 00 s" in said
    assert ("Examiné" in said) is (why is not WhyNone.WITHOUT_DATE)  # nothing is looked at then
    for words in (NONE_TITLES[why], NONE_WORDS[why], "20J – Divorce autre que par consentement mutuel", "Référé"):
        assert " ".join(words.split()) in said


@pytest.mark.parametrize(
    ("typed", "code"),
    [("20j", "20J"), (" 20J – Divorce", "20J"), ("divorce", "20"), ("20", "20"), ("vente", ""), ("", ""), ("\x00", "")],
)
def test_a_nature_is_understood_by_its_code_before_its_words_or_by_its_words(typed: str, code: str) -> None:
    assert nature_typed(KNOWN, typed) == code
