"""Semi-liberty centres with their beds, mediators with their loads, bracelet teams, probation services."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from availability.declarations import Declaration
from availability.gazetteer import Commune, normalise
from portal.demo.catalogue import Catalogue, Host, Place, of_town, short_name
from portal.demo.names import family_name, given_name
from portal.demo.territories import Court, Department

# Court of the town, beds. CSL: centre de semi-liberté; QSL: quartier de semi-liberté.
CENTRES = (
    ("TGILYON", 58), ("TGICRETEIL", 46), ("TGIBOBIGNY", 48), ("TGIEVRY", 34), ("TGIMELUN", 38), ("TGILILLE", 40),
    ("TGINANCY", 36), ("TGISTRASBO", 34), ("TGIMARSEIL", 44), ("TGIGRENOBL", 22), ("TGIMONTPEL", 24),
)  # fmt: skip
QUARTERS = (
    ("TGIVILLEFR", 16), ("TGIETIENNE", 18), ("TGIBOURGBR", 14), ("TGIVIENNE", 12), ("TGICHAMBER", 14),
    ("TGIVALENCE", 12), ("TGIDIJON", 14), ("TGIBESANCO", 12), ("TGICLERMON", 14), ("TGIBORDEAU", 24),
    ("TGITOULOUS", 22), ("TGINANTES", 20), ("TGIRENNES", 18), ("TGICAEN", 12), ("TGIROUEN", 16), ("TGIAMIENS", 12),
    ("TGIORLEANS", 14), ("TGIMETZ", 16), ("TGINICE", 16), ("TGIDENISRE", 20), ("TGIFORTFRA", 14), ("TGIPOINTEP", 14),
)  # fmt: skip
BIG_COURT = 150_000  # inhabitants of its town
GUESTS_WHO_RECEIVE = {("69", 0): "Camille Exemple", ("974", 0): "Marie Payet-Exemple"}  # their agenda is their own
WITH_MINORS = ("TGILYON", "TGILILLE")
WITH_WORKS = "TGILYON"  # has a section closed for works

MEDIATION_SERVICES = 270
LYON_SERVICES = 6  # the first ones
WITH_REQUESTS = ("mediation-001", "mediation-002")  # services where requests wait
NAMES_OF_SERVICES = (
    "Espace médiation {}",
    "Maison de la médiation {}",
    "Médiation et familles {}",
    "Le Pont — médiation familiale {}",
    "Parents ensemble {}",
    "La Passerelle — médiation familiale {}",
    "Dialogue et parentalité {}",
    "L’Entre-deux — médiation familiale {}",
    "Cap familles {}",
    "Le Temps de parler — médiation familiale {}",
)
TONGUES = ("anglais", "arabe", "espagnol", "portugais", "turc", "langue des signes")


@dataclass(frozen=True)
class Section:
    """A section of beds; their names begin with its letter."""

    name: str
    letter: str
    sex: str
    ages: dict[str, int]
    beds: int


def semi_liberty(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add centres and quarters, with their sections and named beds; one section is closed for works."""
    for name, found in (("Centre de semi-liberté", CENTRES), ("Quartier de semi-liberté", QUARTERS)):
        for code, beds in found:
            court = catalogue.map.by_code[code]
            label = f"{name} {of_town(short_name(court.commune))}"
            host = catalogue.host(rng, f"sl-{code.lower()}", label, court.commune, court)
            for number, section in enumerate(_sections(court, beds)):
                confirmed_on = today - timedelta(days=4 + 9 * number)  # from the fourth on, it grows old
                place = _section(catalogue, rng, host, section, confirmed_on)
                if section.letter == "C":
                    catalogue.close(place, today - timedelta(days=20), today + timedelta(days=45), "Travaux")


def _section(catalogue: Catalogue, rng: Random, host: Host, section: Section, confirmed_on: date) -> Place:
    attributes: dict[str, Any] = {
        "sex": section.sex,
        **section.ages,
        "regime": "probatoire" if section.letter == "B" else "ordinaire",
        "weekend": section.letter != "B" or rng.random() < 0.5,
        "accessible": rng.random() < 0.4,
    }
    attributes["doors"] = {
        "opens": rng.choice(("05:00", "06:00", "06:30", "07:00")),
        "closes": rng.choice(("18:30", "19:30", "20:00", "21:00")),
        **({} if attributes["weekend"] else {"weekend": None}),
    }
    return catalogue.place(
        host,
        "semi-liberte",
        section.name,
        declaration=Declaration(section.beds, 0, 0),
        declared_on=confirmed_on,
        attributes=attributes,
        units=tuple(f"{section.letter}-{1 + bed // 10}{bed % 10 + 1:02}" for bed in range(section.beds)),
    )


def _sections(court: Court, beds: int) -> Iterator[Section]:
    adults = {"min_age": 18}
    women = beds // 8 if beds >= 16 else 0
    minors = 4 if court.code in WITH_MINORS else 0
    men = beds - women - minors
    second = men // 2 if beds > 20 else 0
    yield Section("Section hommes A" if second else "Section hommes", "A", "M", adults, men - second)
    if second:
        yield Section("Section hommes B", "B", "M", adults, second)
    if court.code == WITH_WORKS:
        yield Section("Section hommes C", "C", "M", adults, 10)
    if women:
        yield Section("Section femmes", "F", "F", adults, women)
    if minors:
        yield Section("Section mineurs", "J", "M", {"min_age": 16, "max_age": 17}, minors)


def mediation(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add family mediation services, nearer where there are people, with loads of every age."""
    lyon = catalogue.map.by_code["TGILYON"].commune
    seats = [department.seat for department in catalogue.map.departments.values()]
    towns = [court.commune for court in catalogue.map.courts]
    others = MEDIATION_SERVICES - len(seats) - LYON_SERVICES
    extra = rng.choices(towns, [town.population for town in towns], k=others)
    names: set[str] = set()
    for number, commune in enumerate([*[lyon] * LYON_SERVICES, *seats, *extra], 1):
        code = f"mediation-{number:03}"
        host = catalogue.host(rng, code, _service_name(rng, commune, names), commune)
        for _ in range(rng.choice((1, 1, 2))):
            _mediator(catalogue, rng, host, today, always_free=code in WITH_REQUESTS)


def _service_name(rng: Random, commune: Commune, names: set[str]) -> str:
    """Return a name that no other service of the town bears, and note it."""
    where = of_town(short_name(commune))
    drawn = [name.format(where) for name in rng.sample(NAMES_OF_SERVICES, len(NAMES_OF_SERVICES))]
    name = next((name for name in drawn if name not in names), f"{drawn[0]} ({commune.postcodes[0]})")
    names.add(name)
    return name


def _mediator(catalogue: Catalogue, rng: Random, host: Host, today: date, *, always_free: bool) -> None:
    capacity = rng.randint(6, 20)
    share = rng.uniform(0.2, 0.5) if always_free else rng.choice((0.4, 0.6, 0.75, 0.9, 1.0, 1.1))
    load = round(capacity * share)
    waiting = rng.randint(1, 9) if load >= capacity else rng.choice((0, 0, 0, 1, 2))
    fresh = always_free or rng.random() < 0.6
    attributes = {
        "first_meeting_days": rng.randint(5, 20) + round(40 * max(share - 0.5, 0)),
        "languages": ["français", *sorted(rng.sample(TONGUES, rng.choice((0, 0, 1, 2))))],
        "price_scale": "2 € à 131 €",
        "accessible": rng.random() < 0.6,
        "evening": capacity % 3 == 0,
    }
    catalogue.place(
        host,
        "mediation-familiale",
        f"{given_name(rng, 'F' if rng.random() < 0.8 else 'M')} {family_name(rng)}",
        declaration=Declaration(capacity, load, waiting),
        declared_on=today - timedelta(days=rng.randint(1, 30) if fresh else rng.randint(45, 240)),
        attributes=attributes,
    )


def probation_services(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add the probation service (SPIP) of each department, with agents who receive."""
    for department in catalogue.map.departments.values():
        seat, court = department.seat, catalogue.map.courts_in(department)[0]
        name = f"Service pénitentiaire d’insertion et de probation {department.of_it}"
        # The key of the imported list, so that importing it completes this service rather than doubling it.
        code = f"spip-{normalise(department.of_it).replace(' ', '-')}"
        host = catalogue.host(rng, code, name, seat, court)
        for number in range(3 if seat.population > 200_000 else 2):
            drawn = f"{given_name(rng, rng.choice('FM'))} {family_name(rng)}"
            place = catalogue.place(host, "spip-rdv", GUESTS_WHO_RECEIVE.get((department.code, number), drawn))
            catalogue.opens(place, range(5), "09:00", "12:00", since=_since(today))
            catalogue.opens(place, range(1, rng.choice((2, 3))), "14:00", "17:00", since=_since(today))


def sentence_judges(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add one office of a sentence-enforcement judge in each court, two in the large ones."""
    for host in catalogue.courthouses:
        for number in range(2 if host.commune.population > BIG_COURT else 1):
            place = catalogue.place(host, "jap-rdv", f"JAP, cabinet {number + 1}")
            catalogue.opens(place, rng.sample(range(5), 2), "09:00", "12:00", since=_since(today))
            catalogue.opens(place, rng.sample(range(5), 1), "14:00", "17:00", since=_since(today))


def bracelet_teams(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add the teams that fit bracelets: one a department, two around the large towns, on Saturdays too."""
    for department in catalogue.map.departments.values():
        court = catalogue.map.courts_in(department)[0]
        name = f"Pôle centralisateur {department.of_it} — surveillance électronique"
        host = catalogue.host(rng, f"pse-{department.code.lower()}", name, department.seat, court)
        for number in range(_teams(department)):
            skills = {"skills": ["bar", "lsf"] if number == 0 else []}  # the first team of a service has them all
            place = catalogue.place(host, "bracelet", f"Équipe {number + 1}", attributes={"agents": 2} | skills)
            catalogue.opens(place, range(5), "08:30", "17:30", since=_since(today))
            catalogue.opens(place, range(5, 6), "09:00", "12:00", since=_since(today))


def _teams(department: Department) -> int:
    return 2 if department.code in ("13", "33", "59", "69", "75", "93") else 1


def _since(today: date) -> date:
    return today - timedelta(days=365)
