"""What the grid of an establishment says of a change before, after, and when it is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import Session

from availability.errors import NotAllowed, NotFound, NotOpen, PeriodTaken, Refusal
from booking.establishment import establishment
from booking.pages.establishment_words import section_rows
from booking.pages.stay_words import (
    bed_options,
    effect,
    known_stays,
    swap_options,
    swap_question,
    why_not,
)
from booking.stays import swap_beds
from tests.booking.town import make_town, stay
from tests.factories import NOW, TODAY, in_days

NBSP = "\N{NO-BREAK SPACE}"


def test_who_may_what_is_said_on_each_bar_and_what_is_over_is_not_to_be_moved(session: Session) -> None:
    town = make_town(session)
    coming = stay(session, town, in_days(1), in_days(4))
    stay(session, town, in_days(1), in_days(2), bed=1)
    later = NOW + timedelta(days=3)  # the second is over

    def may(actor: object) -> list[str]:
        shown = establishment(session, actor, town.world.site.id, now=later)  # type: ignore[arg-type]
        return [bar.may for row in section_rows(shown)[0].beds for bar in row.bars if bar.tone == "booked"]

    assert may(town.officer) == ["dates", ""]
    assert may(town.world.host) == ["bed", ""]
    shown = establishment(session, town.officer, town.world.site.id, now=later)
    assert list(known_stays(shown)) == [str(coming.id)]


def test_an_exchange_and_a_change_are_said_before_they_are_done(session: Session) -> None:
    town = make_town(session)
    one = stay(session, town, in_days(1), in_days(4))
    other = stay(session, town, in_days(2), in_days(6), bed=1, case_ref="24/00777")
    after = stay(session, town, in_days(6), in_days(8), bed=1, case_ref="24/00888")
    known = known_stays(establishment(session, town.officer, town.world.site.id, now=NOW))
    mine = known[str(one.id)]

    assert [option.value for option in swap_options(known, str(one.id))] == [str(other.id)]
    assert set(known) == {str(each.id) for each in (one, other, after)}
    assert [option.label for option in bed_options(mine)] == ["lit 1 (le sien)", "lit 2", "lit 10"]
    said = swap_question(mine, known[str(other.id)], TODAY)
    assert "dossier 24/00123 passerait du lit 1 au lit 2" in said
    assert said.endswith(f"à partir de la nuit du mer.{NBSP}4{NBSP}mars.")
    longer = effect(mine, in_days(1), in_days(6), "lit 2")
    assert longer.startswith(f"5{NBSP}nuits")
    assert f"2{NBSP}de plus, lit{NBSP}: lit 2 au lieu de lit 1." in longer
    assert "après l’arrivée" in effect(mine, in_days(4), in_days(4), "")
    swap_beds(session, town.officer, one.id, other.id, now=NOW)
    again = known_stays(establishment(session, town.officer, town.world.site.id, now=NOW))
    assert again[str(one.id)].bed.name == "lit 2"  # where somebody sleeps last


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (PeriodTaken(unit_id=7, first=in_days(1)), "lit 7 est pris la nuit du"),
        (NotOpen(first=in_days(1), why="closed"), "fermée à partir du"),
        (NotAllowed(act="stay-dates"), "Vous pouvez changer le lit"),
        (NotFound(), "n’est plus à changer"),
        (NotOpen(why="out-of-service"), "plus en service"),
    ],
)
def test_a_refusal_says_the_bed_the_night_and_what_to_do(refusal: Refusal, said: str) -> None:
    assert said in why_not(refusal, {7: "lit 7"})
