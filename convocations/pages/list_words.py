"""A list to summon in words: whom each line names, what would become of each, what became of all. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID
from zoneinfo import ZoneInfo

from booking.pages.booking_words import zone_note
from booking.persons import PersonLine
from convocations.convening import Receiver
from convocations.errors import SummonedAlready
from convocations.in_bulk import Foreseen, Summoned, ToldBy
from convocations.lists import Read
from convocations.pages.addresses import sheet_address
from convocations.pages.convene_words import Option
from convocations.pages.problems import said
from convocations.together import Room
from portal.ui.dates import NBSP, day, hour, plural

WHY_LETTER = {
    "no-phone": "pas de mobile",
    "not-mobile": "un numéro qui ne reçoit pas de SMS",
    "refused": "ne veut plus de SMS",
}
CHOOSES = "choisira par son lien"


@dataclass(frozen=True)
class Named:
    """A line of the list: whom it names, or those among whom to choose."""

    key: str
    typed: str
    id: str = ""
    name: str = ""
    born: str = ""
    options: list[Option] = field(default_factory=list)  # several people of that name


@dataclass(frozen=True)
class ListRow:
    """What would become, or became, of one person."""

    id: str
    name: str
    when: str
    told: str
    badge: str
    tone: str
    why: str = ""
    href: str = ""


def named_of(read: Read, at: int) -> Named:
    """Return a line of a list as displayed."""
    if len(read.persons) == 1:
        return Named(str(at), read.typed, **who_of(read.persons[0]))
    options = [Option(str(one.id), f"{name_of(one)}, {born_of(one)}") for one in read.persons]
    return Named(str(at), read.typed, options=options)


def who_of(line: PersonLine) -> dict[str, str]:
    """Return who somebody is, as displayed."""
    return {"id": str(line.id), "name": name_of(line), "born": born_of(line)}


def name_of(line: PersonLine) -> str:
    """Return "MARTIN Alix"."""
    return f"{line.family_name} {line.given_name}".strip()


def born_of(line: PersonLine) -> str:
    """Return "né le 17/05/1990"."""
    return f"né{'e' if line.sex == 'F' else ''} le {line.birth_on:%d/%m/%Y}"


def foreseen_row(line: Foreseen, name: str, receivers: Mapping[int, Receiver], *, chooses: str) -> ListRow:
    """Return what would become of one person; `chooses` is said when no start is given to them."""
    if line.refusal is not None:
        return ListRow(str(line.person_id), name, "", "", "impossible", "error", why_words(line))
    told = "lettre à remettre" if line.told_by is ToldBy.LETTER else "SMS"
    why = WHY_LETTER.get(line.why_letter, "")
    tone = "warning" if line.told_by is ToldBy.LETTER else "success"
    return ListRow(str(line.person_id), name, when_of(line, receivers) or chooses, told, told, tone, why)


def left_out_row(row: ListRow, seats: int) -> ListRow:
    """Return the line of somebody for whom the appointment of everybody has no seat."""
    why = f"Cette heure n’a que {plural(seats, 'place')}."
    return replace(row, when="", told="", badge="ne tient pas", tone="error", why=why)


def seated(rows: Sequence[ListRow], seats: int, elsewhere: str) -> tuple[list[ListRow], int]:
    """Return the lines once those after the last seat go elsewhere, or nowhere, and how many these are."""
    able = [at for at, row in enumerate(rows) if row.tone != "error"]
    drawn = list(rows)
    for at in able[seats:]:
        drawn[at] = replace(drawn[at], when=elsewhere) if elsewhere else left_out_row(drawn[at], seats)
    return drawn, len(able[seats:])


def overflow_words(seats: int, left: int) -> str:
    """Return "12 places, 15 personnes : les 3 dernières de la liste ne tiendront pas."."""
    one, several = "la dernière de la liste ne tiendra pas", f"les {left} dernières de la liste ne tiendront pas"
    return f"{plural(seats, 'place')}, {plural(seats + left, 'personne')}{NBSP}: {one if left == 1 else several}."


def when_of(line: Foreseen, receivers: Mapping[int, Receiver]) -> str:
    """Return the start given to somebody, with whoever receives; "" when there is none."""
    if line.claim is None or line.claim.resource_id not in receivers:
        return ""
    who = receivers[line.claim.resource_id]
    at = f"{hour(line.claim.start, who.zone)}{zone_note(who.zone.key)}"
    return f"{day(line.claim.start.astimezone(who.zone).date())} à{NBSP}{at}, {who.name}"


def why_words(line: Foreseen | Summoned) -> str:
    """Return why nothing is done for somebody."""
    refusal = line.refusal
    if isinstance(refusal, SummonedAlready) and refusal.facts.get("at"):
        zone = ZoneInfo(str(refusal.facts["time_zone"]))
        at = refusal.facts["at"]
        return f"Déjà convoqué(e) le {day(at.astimezone(zone).date())} à{NBSP}{hour(at, zone)}."
    if isinstance(refusal, SummonedAlready):
        return "A déjà un rendez-vous à choisir."
    return said(refusal) if refusal is not None else ""


def done_row(before: ListRow, done: Summoned) -> ListRow:
    """Return what became of one person."""
    if done.refusal is not None or done.convocation_id is None:
        why = why_words(done) or before.why or "Plus de place."
        return ListRow(before.id, before.name, "", "", "non convoqué(e)", "error", why)
    href = sheet_address(done.convocation_id)
    return ListRow(before.id, before.name, before.when, before.told, before.badge, before.tone, before.why, href)


def summary(rows: Sequence[ListRow]) -> str:
    """Return "12 personnes : 9 par SMS, 2 par lettre, 1 impossible."."""
    sms = sum(row.tone == "success" for row in rows)
    letters = sum(row.tone == "warning" for row in rows)
    none = len(rows) - sms - letters
    parts = [f"{sms} par SMS"] * bool(sms) + [f"{letters} par lettre"] * bool(letters)
    parts += [f"{none} impossible{'s' if none > 1 else ''}"] * bool(none)
    return f"{plural(len(rows), 'personne')}{NBSP}: {', '.join(parts)}."


def read_words(people: Sequence[Named]) -> str:
    """Return how the list was read."""
    found = sum(bool(one.id) for one in people)
    several = sum(bool(one.options) and not one.id for one in people)
    none = len(people) - found - several
    parts = [f"{plural(found, 'personne trouvée', 'personnes trouvées')}"]
    parts += [f"{several} à préciser"] * bool(several) + [f"{none} inconnue{'s' if none > 1 else ''}"] * bool(none)
    return ", ".join(parts) + "."


def room_option(room: Room, receivers: Mapping[int, Receiver]) -> Option:
    """Return a start with room for several, as displayed."""
    who = receivers[room.resource_id]
    at = f"{day(room.day)} à{NBSP}{hour(room.at, who.zone)}{zone_note(who.zone.key)}"
    return Option(f"{room.resource_id}|{room.at.isoformat()}", f"{at}, {who.name} ({plural(room.seats, 'place')})")


def letters_address(made: Sequence[tuple[UUID, ListRow]]) -> str:
    """Return the file of the letters of those who are told on paper, "" when there is none."""
    asked = "&".join(f"c={convocation_id}" for convocation_id, row in made if row.tone == "warning")
    return f"/convocations/lettres.pdf?{asked}" if asked else ""
