"""What the page of video links says: the weeks to come against the ceiling, and what another ceiling would do. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from uuid import UUID

from booking.video_links import Ceiling, CeilingChange, LinksOfDay
from booking.video_models import MOST_LINKS
from portal.ui.dates import NBSP, day, grouped, hour, long_day, plural

DRAWN = 84  # days: twelve weeks
MOST_NAMED = 8
MONDAY, FRIDAY, WEEK = 0, 4, 7
ABOVE, FULL = "above", "full"
YOU, OTHER = "vous", "un autre administrateur"
HEADROOM = 1.1  # the highest line leaves room for its name
NOT_A_NUMBER = f"Écrivez un nombre entier, de 0 à {grouped(MOST_LINKS)}."


@dataclass(frozen=True)
class Bar:
    """A day of the drawing: how high, and what it is beside the ceiling."""

    key: str
    height: str
    what: str  # ABOVE, FULL or neither
    week: str  # the Monday, under the first day of each week
    is_minor: bool  # one week out of two, that a phone has no room to name
    said: str


@dataclass(frozen=True)
class Chart:
    """The weeks to come, each day's busiest moment against the ceiling, and against the one that is thought of."""

    bars: list[Bar] = field(default_factory=list)
    ceiling_at: str = "0%"
    ceiling: str = ""
    tried_at: str = ""
    tried: str = ""
    summary: str = ""


@dataclass(frozen=True)
class DayRow:
    """A day on which there are links, in the table."""

    day: str
    busiest: str
    left: str
    links: str


@dataclass(frozen=True)
class ChangeRow:
    """A line of the history; `before` is what one may go back to."""

    at: str
    said: str
    before: str


def ceiling_words(one: Ceiling, zone: tzinfo) -> tuple[str, str]:
    """Return today's ceiling, and since when."""
    at = one.changed_at
    since = f"Depuis le {day(at.astimezone(zone).date(), year=True)}, {hour(at, zone)}." if at else ""
    return (
        f"{plural(one.most, 'visioconférence')} à la fois",
        since or "C’est celui d’origine : personne ne l’a changé.",
    )


def chart_of(days: Sequence[LinksOfDay], most: int, tried: int | None = None) -> Chart:
    """Return the drawing of the first weeks of these days."""
    drawn = days[:DRAWN]
    top = max([most, tried or 0, 1, *(one.busiest for one in drawn)]) * HEADROOM
    limit = most if tried is None else tried
    return Chart(
        bars=[
            _bar(one, top, limit, is_named=_is_named(one.day, number, len(drawn))) for number, one in enumerate(drawn)
        ],
        ceiling_at=_part(most, top),
        ceiling=f"plafond{NBSP}: {grouped(most)}",
        tried_at=_part(tried, top) if tried is not None else "",
        tried=f"essayé{NBSP}: {grouped(tried)}" if tried is not None else "",
        summary=summary_of(drawn, most),
    )


def summary_of(days: Sequence[LinksOfDay], most: int) -> str:
    """Return how near to the ceiling these days come, in a sentence."""
    if (busiest := _busiest(days)) is None:
        return "Aucune visioconférence n’est prise dans ces douze semaines."
    said = f"Le jour le plus chargé est le {long_day(busiest.day)}{NBSP}: {grouped(busiest.busiest)} à la fois"
    return f"{said}, sur {grouped(most)}."


def rows_of(days: Sequence[LinksOfDay], most: int) -> list[DayRow]:
    """Return the days of the drawing on which there are links, as a table."""
    return [
        DayRow(
            day=day(one.day, year=True),
            busiest=grouped(one.busiest),
            left=_left(most - one.busiest),
            links=grouped(one.links),
        )
        for one in days[:DRAWN]
        if one.links
    ]


def effect_of(days: Sequence[LinksOfDay], before: int, most: int) -> list[str]:
    """Return what another ceiling would do, one sentence each, what must be looked at first."""
    if most == before:
        return ["C’est le plafond d’aujourd’hui : rien ne change."]
    said = []
    if above := [one for one in days if one.busiest > most]:
        are = "est déjà au-dessus" if len(above) == 1 else "sont déjà au-dessus"
        said.append(f"{plural(len(above), 'jour')} {are}{NBSP}: {_named(above)}.")
        said.append("Rien n’est annulé : ce qui est pris reste, et rien ne s’y ajoute aux heures qui dépassent.")
    elif (busiest := _busiest(days)) is not None:
        said.append(f"Aucun jour n’est au-dessus : le plus chargé est le {_one(busiest)}.")
    else:
        said.append("Aucune visioconférence n’est prise : aucun jour n’est au-dessus.")
    if full := [one for one in days if one.busiest == most > 0]:
        are = "l’atteint juste" if len(full) == 1 else "l’atteignent juste"
        said.append(f"{plural(len(full), 'jour')} {are}{NBSP}: {_named(full)}.")
    if most > before:
        said.append("Les audiences que le plafond empêchait sont essayées à nouveau cette nuit.")
    if most == 0:
        said.append("Plus aucune visioconférence ne sera prise.")
    return said


def changed_words(before: int, most: int) -> str:
    """Return what was done."""
    return f"Le plafond passe de {grouped(before)} à {grouped(most)}."


def changes_of(changes: Sequence[CeilingChange], reader: UUID, zone: tzinfo) -> list[ChangeRow]:
    """Return the history, the latest first; who did it is whoever reads, or another administrator."""
    return [
        ChangeRow(
            at=f"{day(one.at.astimezone(zone).date(), year=True)}, {hour(one.at, zone)}",
            said=f"De {grouped(one.before)} à {grouped(one.most)}, par {YOU if one.actor_id == reader else OTHER}.",
            before=str(one.before),
        )
        for one in changes
    ]


def read_most(typed: str) -> int | None:
    """Return the ceiling that was typed, None when it is none that may be."""
    digits = "".join(typed.split())
    is_one = digits.isascii() and digits.isdecimal() and len(digits) <= 6 and int(digits) <= MOST_LINKS
    return int(digits) if is_one else None


def _is_named(on: date, number: int, count: int) -> bool:
    """Say whether there is room under a day for its date: each Monday's, but the last, and that of the first day."""
    if on.weekday() == MONDAY:
        return number < count - WEEK
    return number == 0 and on.weekday() < FRIDAY


def _bar(one: LinksOfDay, top: float, limit: int, *, is_named: bool) -> Bar:
    what = ABOVE if one.busiest > limit else FULL if one.busiest == limit > 0 else ""
    words = {ABOVE: ", au-dessus du plafond", FULL: ", plafond atteint"}.get(what, "")
    return Bar(
        key=one.day.isoformat(),
        height=_part(one.busiest, top),
        what=what,
        week=f"{one.day:%d/%m}" if is_named else "",
        is_minor=(one.day.toordinal() - 1) // 7 % 2 == 1,  # from Monday to Monday, over the end of a year too
        said=f"{long_day(one.day).capitalize()}{NBSP}: {grouped(one.busiest)} à la fois{words}",
    )


def _busiest(days: Sequence[LinksOfDay]) -> LinksOfDay | None:
    return max((one for one in days if one.busiest), key=lambda one: one.busiest, default=None)


def _named(days: Sequence[LinksOfDay]) -> str:
    more = len(days) - MOST_NAMED
    first, *others = days[:MOST_NAMED]
    named = ", ".join([_one(first), *(f"{day(one.day)} ({grouped(one.busiest)})" for one in others)])
    return f"{named} et {plural(more, 'autre')}" if more > 0 else named


def _one(one: LinksOfDay) -> str:
    return f"{day(one.day)} ({grouped(one.busiest)} à la fois)"


def _left(left: int) -> str:
    return f"dépassé de {grouped(-left)}" if left < 0 else "aucune" if left == 0 else grouped(left)


def _part(count: int, top: float) -> str:
    return f"{count / top:.2%}"
