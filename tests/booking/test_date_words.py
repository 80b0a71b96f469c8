"""What a lawyer reads of the dates of a court as months, and of their place among those who wait."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from booking.date_queue import HeldDate, ListedWait
from booking.lawyer_looking import Asked, DayOfDates
from booking.lawyer_models import Procedure, WhyNone
from booking.pages.date_calendar_words import FULL, NONE, ROOM, grid_of
from booking.pages.date_wait_words import queue_row, wait_row
from portal.ui.dates import NBSP

ZONE = ZoneInfo("Europe/Paris")
ASKED = Asked(site_id=1, procedure=Procedure.MERITS, nature="20J")
AT = datetime(2026, 3, 2, 10, tzinfo=ZONE)
DAYS = st.lists(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=12)


@settings(max_examples=40)
@given(DAYS, DAYS)
def test_the_calendar_has_each_day_of_its_months_once_with_what_is_on_it(
    has_room: list[date], full: list[date]
) -> None:
    counts, shut = Counter(has_room), Counter(full)
    asked = [DayOfDates(on, counts[on], shut[on]) for on in sorted({*counts, *shut})]
    cells = [
        (month.id[:8], cell) for month in grid_of(asked) for week in month.weeks for cell in week.cells if cell.number
    ]

    days = [date.fromisoformat(f"{month}{int(cell.number):02}") for month, cell in cells]
    assert days == sorted(set(days))
    assert {*has_room, *full} <= set(days)
    for on, (_, cell) in zip(days, cells, strict=True):
        assert cell.what == (ROOM if on in counts else FULL if on in full else NONE)
        assert cell.mark == (str(counts[on]) if on in counts else "×" if on in full else "")
        assert cell.id == (on.isoformat() if on in {*has_room, *full} else "")


def waiting(**said: object) -> ListedWait:
    """Return a wait for the first date, as listed."""
    values = {"rank": 1, "left": 0, "held": None, "why": None, "hearing_id": None, "starts_at": None} | said
    return ListedWait(  # type: ignore[arg-type]
        id=uuid4(), lawyer="Maître Fictive", court="Tribunal fictif", zone=ZONE, asked=ASKED, created_at=AT, **values
    )


def test_a_wait_says_its_rank_its_reason_and_what_is_held_for_it() -> None:
    known = {"20J": "Divorce"}
    third = waiting(rank=3, left=1, why=WhyNone.CONVENTION, hearing_id=7, starts_at=AT + timedelta(days=8))
    held = HeldDate(booking_id=uuid4(), name="Audience", starts_at=AT + timedelta(days=8), ends_at=AT + timedelta(1))

    row, first, listed = (
        replace(one, **{name: value.replace(NBSP, " ") for name, value in vars(one).items()})
        for one in (wait_row(third, known, AT), wait_row(waiting(held=held), known, AT), queue_row(third, known))
    )

    assert row.rank == "Rang 3, par ordre d’inscription (lun. 2 mars à 10 h) : 2 demandes avant la vôtre"
    assert row.which == "l’audience du mar. 10 mars à 10 h"
    assert row.why == (
        "Des places existent, mais le nombre convenu avec le tribunal est atteint. 1 date déjà gardée et non prise."
    )
    assert first.rank.endswith("personne avant vous")
    assert (first.why, first.until) == ("", "jusqu’au mar. 3 mars à 10 h")
    assert first.held == "Mardi 10 mars 2026 à 10 h (dans 8 jours) – Tribunal fictif · Audience"
    assert listed.what == "3. Maître Fictive"
    assert "Gardée pour cet avocat" in queue_row(waiting(held=held), known).why
