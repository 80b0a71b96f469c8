"""What the page of common dates reads in its address, and what is wrong with it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, time, timedelta
from typing import Any
from urllib.parse import urlencode

from availability.errors import InvalidRequest
from availability.words import invalid_sentence
from booking.common_dates import FROM, MOST_PEOPLE, TO, RoomWish, Wanted
from booking.question import text_of
from portal.ui.dates import NBSP

ANY_ROOM, VIDEO_ROOM, NO_ROOM = "toute", "visio", "sans"
ROOMS = ((ANY_ROOM, "Toute salle"), (VIDEO_ROOM, "Salle avec visio"), (NO_ROOM, "Sans salle"))
AHEAD = timedelta(weeks=8)
USUAL_MINUTES = "90"
# Where the page shows what a refusal names.
FIELD_OF = {
    "people": "qui",
    "minutes": "minutes",
    "first_on": "du",
    "last_on": "au",
    "closes": "a",
    "room_id": "salle",
    "far_end_id": "bout",
}


@dataclass(frozen=True)
class Asked:
    """What is sought, as text, under the names that the address carries; empty: as usual."""

    tribunal: str = ""
    qui: str = ""  # numbers, with commas
    minutes: str = ""
    salle: str = ""
    bout: str = ""  # the other end of the video link
    du: str = ""
    au: str = ""
    de: str = ""
    a: str = ""
    midi: str = ""  # also between half past twelve and half past one
    vacations: str = ""

    @classmethod
    def read(cls, parameters: Mapping[str, object]) -> Asked:
        """Return what an address asks; unknown names are ignored, texts are trimmed."""
        known = {each.name for each in fields(cls)}
        typed: dict[str, Any] = {name: text_of(value) for name, value in parameters.items() if name in known}
        return cls(**typed)

    def address(self, **changed: str) -> str:
        """Return the address of the page that asks this, with some answers changed."""
        asked = replace(self, **changed)
        told = {each.name: getattr(asked, each.name) for each in fields(self) if getattr(asked, each.name)}
        return f"/reunir/?{urlencode(told)}" if told else "/reunir/"

    def with_answer(self, name: object, value: object) -> Asked:
        """Return this with one thing more said. Raises: InvalidRequest for what no control sends."""
        if name not in [each.name for each in fields(self)] or not isinstance(value, str | bool):
            raise InvalidRequest(str(name)[:20], "unknown-field")
        said = ("1" if value else "") if isinstance(value, bool) else text_of(value)
        return replace(self, **{str(name): said})

    @property
    def people(self) -> list[int]:
        """Return who is asked."""
        found = (one for one in self.qui.split(",") if one.isascii() and one.isdecimal() and len(one) <= 18)
        return list(dict.fromkeys(map(int, found)))[:MOST_PEOPLE]

    def with_people(self, people: Iterable[int]) -> Asked:
        """Return this for other people."""
        return replace(self, qui=",".join(map(str, people)))


def filled(asked: Asked, today: date) -> dict[str, str]:
    """Return what the fields hold: what is asked, and what is usual where nothing is."""
    usual = {
        "du": (today + timedelta(days=1)).isoformat(),
        "au": (today + AHEAD).isoformat(),
        "de": f"{FROM:%H:%M}",
        "a": f"{TO:%H:%M}",
        "salle": ANY_ROOM,
        "minutes": USUAL_MINUTES,
    }
    return {each.name: getattr(asked, each.name) or usual.get(each.name, "") for each in fields(asked)}


def read_wanted(asked: Asked, site_id: int, today: date) -> tuple[Wanted | None, dict[str, str]]:
    """Return what is sought, or what is wrong in each field."""
    typed, wrong = filled(asked, today), dict[str, str]()
    minutes = typed["minutes"]
    if not (minutes.isascii() and minutes.isdecimal() and len(minutes) <= 4):
        wrong["minutes"] = f"«{NBSP}{minutes}{NBSP}» n’est pas un nombre de minutes{NBSP}: écrivez par exemple 90."
    days = {name: read_day(typed[name]) for name in ("du", "au")}
    walls = {name: read_wall(typed[name]) for name in ("de", "a")}
    wrong |= {name: "Choisissez ce jour dans le calendrier." for name, found in days.items() if found is None}
    wrong |= {name: f"Écrivez une heure, par exemple 9{NBSP}h{NBSP}30." for name, at in walls.items() if at is None}
    first, last, opens, closes = days["du"], days["au"], walls["de"], walls["a"]
    if wrong or first is None or last is None or opens is None or closes is None:
        return None, wrong
    room, room_id, far_end_id = _room(typed)
    try:
        wanted = Wanted(
            site_id=site_id,
            people=tuple(asked.people),
            minutes=int(minutes),
            first_on=max(first, today),
            last_on=last,
            room=room,
            room_id=room_id,
            far_end_id=far_end_id,
            opens=opens,
            closes=closes,
            keeps_noon=not typed["midi"],
            sits_in_recess=bool(typed["vacations"]),
        )
    except InvalidRequest as refusal:
        return None, wrong_of(refusal)
    return wanted, {}


def wrong_of(refusal: InvalidRequest) -> dict[str, str]:
    """Return the field that a refusal names, and what to do."""
    return {FIELD_OF.get(refusal.field, "qui"): invalid_sentence(refusal)}


def read_day(typed: str) -> date | None:
    """Return a civil day, None when it is not one of a calendar that people use."""
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2099 else None


def read_wall(typed: str) -> time | None:
    """Return a wall time, None when it is not one."""
    try:
        return time.fromisoformat(typed).replace(second=0, microsecond=0, tzinfo=None)
    except ValueError:
        return None


def _room(typed: Mapping[str, str]) -> tuple[RoomWish, int | None, int | None]:
    """Return the room wished, one in particular, and the other end: a link that has one wants video here too."""
    salle, far_end_id = typed["salle"], _number(typed["bout"])
    if salle == NO_ROOM:
        return RoomWish.NONE, None, far_end_id
    wish = RoomWish.VIDEO if salle == VIDEO_ROOM or far_end_id is not None else RoomWish.ANY
    return wish, _number(salle), far_end_id


def _number(typed: str) -> int | None:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 18 else None
