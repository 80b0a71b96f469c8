"""Small fictional exports to try an import with: one of people, one of hearings on the next free hours of a service."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from availability.errors import NotAllowed
from availability.importers.sheets import written_csv
from availability.rights import Actor
from convocations.convening import Receiver, Start, kind_to_convene, next_starts, receivers
from convocations.imports import fields as at

MARTIN = ("EXEMPLE-MARTIN", "Anatole", "12/03/1990", "06 39 98 71 01", "français")
DURAND = ("EXEMPLE-DURAND", "Zoé", "01/05/1985", "", "")
NGUYEN = ("EXEMPLE-NGUYEN", "Lou", "23/11/2001", "06 39 98 71 03", "arabe")
PERSONS = (MARTIN, DURAND, NGUYEN)
MARGIN = timedelta(days=3)  # so that whoever tries has the time to look
HEARINGS = ("N° convocation", "Date", "Heure", "Agent", "N° parquet", "Nom", "Prénom", "Date de naissance",
            "Téléphone", "Langue", "Avocat", "Nature")  # fmt: skip
PEOPLE = (
    ("EXEMPLE-MARTIN", "Anatole", "", "EX-2026-0001", "12/03/1990", "36", "Mesure fictive A", "26000000001", "Tolo",
     "Bordeaux", "Segment 2", "JAP fictif 1"),
    ("EXEMPLE-DURAND", "Zoé", "EXEMPLE-PETIT", "EX-2026-0002", "1er mai 1985", "41", "Mesure fictive B",
     "26000000002", "", "Lyon", "Segment 1", "JAP fictif 2"),
    ("EXEMPLE-NGUYEN", "Lou", "", "EX-2026-0003", "23/11/2001", "24", "Mesure fictive A", "26000000003", "",
     "Saint-Denis", "Segment 3", "JAP fictif 1"),
    ("EXEMPLE-ABRÉGÉ", "Sacha", "", "EX-2026-0004", "07/08/79", "47", "Mesure fictive A", "26000000004", "", "Lille",
     "Segment 2", "JAP fictif 1"),
    ("EXEMPLE-INCOMPLET", "Noa", "", "EX-2026-0005", "", "", "Mesure fictive C", "26000000005", "", "Nantes",
     "Segment 2", "JAP fictif 2"),
)  # fmt: skip


def people_example() -> bytes:
    """Return an export as APPI sends it, two lines of which are refused so that one sees how."""
    rows = [";".join(tuple(at.APPI)), *(";".join(row) for row in PEOPLE)]
    return "\r\n".join([*rows, ""]).encode("cp1252")


def hearings_example(session: Session, actor: Actor, *, now: datetime) -> bytes:
    """Return a list of hearings on the next free hours of the actor's service; none when nobody receives there."""
    found = _first_free(session, actor, now)
    rows = [
        (
            f"EX-C-{number:04}",
            f"{start.astimezone(zone):%d/%m/%Y}",
            f"{start.astimezone(zone):%Hh%M}",
            name,
            f"2600000000{number}",
            *person,
            "Me Inventé",
            "nature fictive",
        )
        for number, (person, (name, zone, start)) in enumerate(zip(PERSONS, found, strict=False), 1)
    ]
    return written_csv(HEARINGS, rows)


def _first_free(session: Session, actor: Actor, now: datetime) -> list[tuple[str, ZoneInfo, datetime]]:
    """Return three starts that are free together, at whom the actor convenes for the most."""
    try:
        kind = kind_to_convene(session, actor, "")
    except NotAllowed:
        return []
    among: dict[int, Receiver] = {one.id: one for one in receivers(session, actor, kind)[:20]}
    found: list[Start] = []
    for one in next_starts(session, list(among.values()), now=now + MARGIN, most=200):
        lasts = timedelta(minutes=kind.slot_duration_min + kind.buffer_before_min + kind.buffer_after_min)
        if len(found) < len(PERSONS) and all(abs(one.at - other.at) >= lasts for other in found):
            found.append(one)
    places = [among[one.resource_id] for one in found]
    return [(f"{place.name} {place.site_name}", place.zone, one.at) for place, one in zip(places, found, strict=True)]
