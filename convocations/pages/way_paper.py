"""The way to where somebody is expected, on one page that names nobody. To be imported by whoever prints."""

from __future__ import annotations

from datetime import datetime

from booking.pages.hours_words import capital
from convocations.expected import WayThere
from convocations.paper import Paper
from convocations.typeface import printable
from portal.ui.dates import NBSP, hour, long_day, moment

ROOM_MAY_CHANGE = "La salle peut changer : regardez l’écran du hall en arrivant, ou demandez à l’accueil."


def way_pdf(there: WayThere, *, now: datetime) -> bytes:
    """Return the page: when, where, and how to go from the door to the room."""
    on = there.starts_at.astimezone(there.zone).date()
    printed = f"Imprimé le {moment(now, there.zone)}"
    paper = Paper(title="Où et quand", made_at=now, foot=lambda: printable(printed))
    paper.add_page()
    paper.lines("Votre audience" if there.is_hearing else "Votre rendez-vous", 14, grey=True, after=3)
    paper.lines(printable(capital(long_day(on))), 22, bold=True)
    paper.lines(printable(f"à{NBSP}{hour(there.starts_at, there.zone)}"), 22, bold=True, after=8)
    if there.is_hearing:
        paper.lines(printable(capital(there.room) if there.room else "Salle : voir l’écran du hall"), 28, bold=True)
        paper.lines(printable(there.way), 16, after=8)
    paper.lines(printable(there.site), 14, bold=True, after=1)
    paper.lines(printable(there.address), 12, after=1)
    paper.lines(printable(f"Accueil : {there.phone}" if there.phone else ""), 12, after=8)
    what = ", ".join(filter(None, (capital(there.appointment), there.case_ref)))
    paper.lines(printable(what), 12, grey=True, after=4)
    if there.is_hearing:
        paper.lines(ROOM_MAY_CHANGE, 11, grey=True)
    return paper.written()
