"""What the address base answered is kept for a while, and only that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from availability.geocodes import KEPT, forget_geocodes, remember, remembered
from availability.places import Located, Place, Source
from tests.factories import NOW

EXACT = Located((Place("4 Rue du Test 59000 Lille", 50.6, 3.0, Source.BAN, 0.97),))
TYPED = "4 rue du  Test, Lille"


def test_an_answer_is_kept_until_it_is_old_and_the_text_itself_is_not(session: Session) -> None:
    remember(session, TYPED, EXACT, now=NOW)

    assert remembered(session, "4 Rue du test, LILLE", now=NOW) == EXACT
    assert remembered(session, "5 rue du Test, Lille", now=NOW) is None
    assert remembered(session, TYPED, now=NOW + KEPT) is None
    assert "du  Test" not in str(session.execute(text("SELECT * FROM geocode")).all())


def test_the_last_answer_stands(session: Session) -> None:
    moved = Located((Place("4 Rue du Test 59000 Lille", 51.0, 3.0, Source.BAN, 0.9),))
    remember(session, TYPED, EXACT, now=NOW)
    remember(session, TYPED, moved, now=NOW + timedelta(days=1))

    session.expire_all()
    assert remembered(session, TYPED, now=NOW + KEPT) == moved


@pytest.mark.parametrize(
    "answer",
    [
        Located(()),
        Located(EXACT.places, ban_failed=True),
        Located((Place("Lille (59)", 50.6, 3.0, Source.COMMUNE, 1.0),), not_in_base=True),
    ],
)
def test_a_failure_or_a_guess_is_not_kept(session: Session, answer: Located) -> None:
    remember(session, TYPED, answer, now=NOW)

    assert remembered(session, TYPED, now=NOW) is None


def test_what_is_too_old_or_too_much_is_forgotten(session: Session) -> None:
    for number in range(5):
        remember(session, f"{number} rue du Test", EXACT, now=NOW + timedelta(days=number))

    forget_geocodes(session, now=NOW + KEPT, most=2)

    kept = [number for number in range(5) if remembered(session, f"{number} rue du Test", now=NOW + KEPT)]
    assert kept == [3, 4]
