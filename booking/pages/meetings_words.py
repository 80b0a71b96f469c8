"""The French of the page of common dates: who is asked, what is answered, who stands in the way. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice
from zoneinfo import ZoneInfo

from availability.errors import NotOpen, Refusal
from availability.periods import Period
from booking.common_dates import FROM, MOST_PEOPLE, NOON, TO, Blocker, DaysWithout, Need, Part, Wanted
from booking.meeting_search import Answer, Candidate, Offered
from booking.meetings import MeetingLine
from booking.pages.meetings_question import ANY_ROOM, NO_ROOM, ROOMS, VIDEO_ROOM, Asked, read_wall
from booking.video_links import LinksFull
from portal.ui.dates import NBSP, day, ended, hour, moment, plural

LONGEST_NAME = 200
MEETING = "Réunion"
NOBODY = "Choisissez au moins une personne."
TOO_MANY = f"{MOST_PEOPLE}{NBSP}personnes au plus{NBSP}: retirez-en une d’abord."
MOST_RUNS = 6  # of days without a date, told one by one
MOST_BLOCKERS = 5
NAMED = (Part.PERSON, Part.FAR_END)
SHORT_OF = {
    Part.ROOM: "aucune salle n’est libre assez longtemps",
    Part.VIDEO: "aucune visio du tribunal n’est libre assez longtemps",
    Part.NETWORK: "toutes les visioconférences du pays sont prises",
}


@dataclass(frozen=True)
class Person:
    """Somebody who is asked."""

    id: str
    name: str
    detail: str
    shared: str
    is_doubtful: bool  # what their agenda says may be out of date
    share: str  # what is done there
    href: str  # where their agenda is shared


@dataclass(frozen=True)
class Option:
    """Somebody among those found."""

    id: str
    name: str
    detail: str


@dataclass(frozen=True)
class Post:
    """Those of the court who do the same."""

    label: str
    people: list[Option]


@dataclass(frozen=True)
class BlockLine:
    """Who stands in the way, and the address that asks without them."""

    said: str
    label: str
    href: str


@dataclass(frozen=True)
class MeetingRow:
    """A meeting to come."""

    id: str
    name: str
    when: str
    who: str
    call_off: str  # what its button does
    label: str


def room_choices(offered: Offered) -> list[tuple[str, str]]:
    """Return the rooms to choose from; video only where there is a unit."""
    listed = [one for one in ROOMS if one[0] != VIDEO_ROOM or offered.video_here]
    return [*listed, *((str(number), name) for number, name in offered.rooms)]


def person_of(one: Candidate, now: datetime, zone: ZoneInfo, *, may_share: bool) -> Person:
    """Return somebody as the page lists them."""
    href = f"/calendriers/?ressource={one.id}" if may_share else ""
    shared = _shared(one, now.astimezone(zone).date(), zone)
    share = "Gérer" if one.is_shared else "Partager son agenda"
    return Person(str(one.id), one.name, f"{one.label}, {one.site_name}", shared, one.is_broken, share, href)


def posts_of(staff: Sequence[Candidate]) -> list[Post]:
    """Return those of a court by what they do, as they come."""
    return [
        Post(_capital(label), [option_of(one) for one in several])
        for label, several in groupby(staff, key=lambda one: one.label)
    ]


def option_of(one: Candidate) -> Option:
    """Return somebody who is proposed."""
    shared = " · agenda partagé" if one.is_shared else ""
    return Option(str(one.id), one.name, f"{one.label}, {one.site_name}{shared}")


def sentence_of(answer: Answer, wanted: Wanted) -> str:
    """Return the answer in a sentence."""
    count, shown = answer.found.count, len(answer.found.first)
    asked = f"de {wanted.minutes}{NBSP}minutes, {_days_words(wanted.first_on, wanted.last_on)}"
    if not count:
        return f"Aucune date commune {asked}"
    said = plural(count, "date possible", "dates possibles")
    return f"{said} {asked}" + (f"{NBSP}; voici les {shown} premières" if count > shown else "")


def before_of(answer: Answer, wanted: Wanted) -> list[str]:
    """Return why there is no date before the first, by days; the first few when there are many."""
    runs = answer.found.before
    said = [
        f"{_capital(_days_words(one.first_on, one.last_on))}{NBSP}: {_why_words(one, answer, wanted)}"
        for one in runs[:MOST_RUNS]
    ]
    return [*said, f"Et ainsi de suite jusqu’au {day(runs[-1].last_on)}."] if len(runs) > MOST_RUNS else said


def doubts_of(people: Sequence[Person]) -> list[str]:
    """Return whose agenda may be out of date, and what to do."""
    doubtful = (one for one in people if one.is_doubtful)
    return [ended(f"{one.name}{NBSP}: {one.shared}") + " Demandez-lui si l’heure lui convient." for one in doubtful]


def but_words(needs: Sequence[Need], names: Mapping[int, str]) -> str:
    """Return who is not free where all the others are."""
    things = {Part.ROOM: "les salles", Part.VIDEO: "la visio du tribunal"}
    return _listed([things.get(need.part) or _need_words(need, names) for need in needs])


def blockers_of(answer: Answer, wanted: Wanted, asked: Asked) -> list[BlockLine]:
    """Return who stands in the way, with what there would be without them."""
    told = (one for one in answer.found.blockers if not _is_everybody(one, wanted))
    return [_blocker(one, answer, wanted, asked) for one in islice(told, MOST_BLOCKERS)]


def later_of(answer: Answer, wanted: Wanted, asked: Asked) -> BlockLine | None:
    """Return the first date after the last day asked, when there is none before."""
    if answer.later is None:
        return None
    at = answer.later.period.start.astimezone(answer.court.zone)
    said = f"Après le {day(wanted.last_on)}, la première date commune est {moment(at, answer.court.zone)}."
    until = (at.date() + timedelta(days=7)).isoformat()
    return BlockLine(said, f"Chercher jusqu’au {day(at.date() + timedelta(days=7))}", asked.address(au=until))


def meeting_row(one: MeetingLine) -> MeetingRow:
    """Return a meeting as it is listed."""
    zone = ZoneInfo(one.time_zone)
    when = f"{moment(one.starts_at, zone)} – {hour(one.ends_at, zone)}"
    room = f"{one.room}, " if one.room else ""
    is_hearing = one.hearing_id is not None
    kind, call_off = ("Audience", "Annuler l’audience") if is_hearing else (MEETING, "Annuler la réunion")
    name = one.name if one.name.startswith(kind) else f"{kind}{NBSP}: {one.name}"
    return MeetingRow(
        str(one.id), name, when, f"{room}{one.court} · {', '.join(one.people)}", call_off, f"{name}, {when}"
    )


def taken_words(names: Sequence[str], period: Period, zone: ZoneInfo, room: str) -> str:
    """Return what was just fixed."""
    when = f"{moment(period.start, zone)} – {hour(period.end, zone)}"
    where = f", {room}" if room else ""
    return f"C’est fixé{NBSP}: {when}{where}, avec {_listed(names)}."


def gone_words(refusal: Refusal, names: Mapping[int, str]) -> str:
    """Return what was taken meanwhile: somebody, a room, the last link of the country, or the day itself."""
    who = refusal.facts.get("resource_id")
    if isinstance(refusal, LinksFull):
        return "Toutes les visioconférences du pays sont prises à cette heure."
    if isinstance(refusal, NotOpen):
        return "Le tribunal ne siège plus à cette heure."
    return f"{(names.get(who) if isinstance(who, int) else '') or 'Quelqu’un'} n’est plus libre à cette heure."


def hours_words(asked: Asked) -> str:
    """Return the hours of a day that are sought, in a line."""
    walls = [read_wall(typed) or usual for typed, usual in ((asked.de, FROM), (asked.a, TO))]
    noon = "" if asked.midi or not (walls[0] < NOON[1] and NOON[0] < walls[1]) else ", sans la pause de midi"
    return f"Entre {_wall(walls[0])} et {_wall(walls[1])}{noon}"


def taken_as(label: str, typed: str) -> str:
    """Return as what a date is taken: the kind of its hearing, or a meeting, and its name when it has one."""
    name = " ".join(typed.split())
    return f"{label}, «{NBSP}{name}{NBSP}»" if name else label


def _shared(one: Candidate, today: date, zone: ZoneInfo) -> str:
    """Return whether a calendar of somebody is shared, and how old what it says is."""
    if not one.is_shared:
        return "pas d’agenda partagé"
    if one.read_at is None:
        return "agenda partagé, jamais lu en entier" if one.is_broken else "agenda partagé, pas encore lu"
    on = one.read_at.astimezone(zone).date()
    when = f"à{NBSP}{hour(one.read_at, zone)}" if on == today else f"le {day(on)}"
    return f"agenda partagé, illisible depuis le {day(on)}" if one.is_broken else f"agenda partagé, lu {when}"


def _wall(wall: time) -> str:
    return f"{wall.hour}{NBSP}h" + (f"{NBSP}{wall.minute:02d}" if wall.minute else "")


def _days_words(first: date, last: date) -> str:
    return f"le {day(first)}" if first == last else f"du {day(first)} au {day(last)}"


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def _why_words(one: DaysWithout, answer: Answer, wanted: Wanted) -> str:
    """Return who is not free for long enough on some days."""
    who = [answer.names.get(need.resource_id, "l’autre bout") for need in one.needs if need.part in NAMED]
    said = [f"{_listed(who)} n’{'ont' if len(who) > 1 else 'a'} pas {wanted.minutes}{NBSP}minutes de suite"] * bool(who)
    said += [SHORT_OF[need.part] for need in one.needs if need.part in SHORT_OF]
    return f"{NBSP}; ".join(said) + "." if said else "chacun a un moment libre, jamais tous le même."


def _is_everybody(one: Blocker, wanted: Wanted) -> bool:
    """Say whether nobody would be left to meet."""
    return {*wanted.people} <= {need.resource_id for need in one.needs if need.part is Part.PERSON}


def _blocker(one: Blocker, answer: Answer, wanted: Wanted, asked: Asked) -> BlockLine:
    who, count = _listed([_need_words(need, answer.names) for need in one.needs]), answer.found.count
    dates = plural(one.count, "date possible", "dates possibles")
    instead = f" au lieu de {count}" if count else ""
    is_sooner = not count or one.first.period.start < answer.found.first[0].period.start
    soon = f", la première {moment(one.first.period.start, answer.court.zone)}" if is_sooner else ""
    said = f"Sans {who}{NBSP}: {dates}{instead}{soon}."
    return BlockLine(said, f"Chercher sans {who}", _without(one.needs, asked, wanted))


def _need_words(need: Need, names: Mapping[int, str]) -> str:
    if need.resource_id:
        return names.get(need.resource_id, "l’autre bout")
    return "salle" if need.part is Part.ROOM else "visio du tribunal"


def _without(needs: Sequence[Need], asked: Asked, wanted: Wanted) -> str:
    """Return the address that asks the same without them."""
    parts = {need.part for need in needs}
    changed: dict[str, str] = {}
    if Part.PERSON in parts:
        gone = {need.resource_id for need in needs if need.part is Part.PERSON}
        changed["qui"] = ",".join(str(one) for one in wanted.people if one not in gone)
    if Part.FAR_END in parts:
        changed |= {"bout": "", "salle": asked.salle or ANY_ROOM}
    if Part.VIDEO in parts:
        changed |= {"bout": "", "salle": ANY_ROOM if asked.salle == VIDEO_ROOM else asked.salle}
    if Part.ROOM in parts:
        changed |= {"bout": "", "salle": NO_ROOM}
    return asked.address(**changed)


def _listed(names: Sequence[str]) -> str:
    return " et ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
