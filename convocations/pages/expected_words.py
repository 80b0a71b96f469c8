"""What a front desk reads of a case that is expected. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from booking.hearing_day_models import Stage
from booking.pages.hearing_day_words import NO_ROOM, STAGES
from booking.pages.hours_words import capital
from booking.pages.wall_page import STAGE_WORDS
from booking.screens import OnScreen
from convocations.expected import Expected
from portal.ui.dates import NBSP, from_today, hour, long_day, moment


@dataclass(frozen=True)
class ExpectedRow:
    """A case that is expected, as displayed; `way` is the address of the page to print, empty when there is none."""

    id: str
    label: str
    when: str
    where: str
    way_words: str
    facts: str
    stage: str
    badge: str
    way: str = ""


def expected_row(one: Expected, today: date) -> ExpectedRow:
    """Return a case as displayed."""
    on = one.starts_at.astimezone(one.zone).date()
    at = f"{capital(long_day(on))} ({from_today(on, today)}) à{NBSP}{hour(one.starts_at, one.zone)}"
    if one.moved_on is not None:
        at = f"Renvoyée au {moment(one.moved_on, one.zone)}"
    elif one.expected_at is not None and one.expected_at > one.starts_at and one.stage is not Stage.RUNNING:
        at += f", passage vers {hour(one.expected_at, one.zone)}"
    stage, badge = (_over(one.was_missed), "") if one.stage is Stage.DONE else STAGES[one.stage]
    counsel = ", ".join(one.counsel)
    return ExpectedRow(
        id=str(one.booking_id),
        label=" – ".join(filter(None, (one.case_ref, one.name))) or "Affaire sans numéro",
        when=at,
        where=capital(one.room or NO_ROOM),
        way_words=one.way,
        facts=" · ".join(filter(None, (capital(one.kind), one.site, counsel))),
        stage=stage,
        badge=badge,
    )


def _over(was_missed: bool) -> str:
    return STAGE_WORDS[OnScreen.CALLED_BEFORE if was_missed else OnScreen.DONE]
