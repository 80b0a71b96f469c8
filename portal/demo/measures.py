"""Who takes measures in the demonstration: meeting places, social investigators, experts, guardians, child protection.

Every department has some of each, with loads and ages of declaration of all kinds; those of Lyon have free places.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import cycle
from random import Random
from typing import Any

from availability.declarations import Declaration
from availability.gazetteer import Commune, normalise
from portal.demo.catalogue import Catalogue, Host, Place, of_town, short_name
from portal.demo.measure_kinds import DESIGNATED_BY
from portal.demo.names import family_name, given_name
from portal.demo.territories import Department

TONGUES = ("anglais", "arabe", "espagnol", "portugais", "turc", "langue des signes")
LYON = "69"
AROUND = ("01", "38", "42", "71")  # neighbours of the Rhône: some of their services work there too
BIG = 300_000  # inhabitants of a seat where there are two of each
OF_LYON = 4  # where the judges of the demonstration sit
LOADS = (0.55, 0.7, 0.8, 0.9, 1.0, 1.0, 1.08)  # most services of child protection are full, and some overfull
AGES = (3, 11, 45, 20, 8)  # in days, of what is declared of information meetings
HOMES = ("Les Hirondelles", "La Maison bleue", "Le Verger", "Les Grands Chênes", "Le Phare")
PROTECTION = (
    "Sauvegarde et soutien éducatif {}",
    "Le Chemin partagé — protection de l’enfance {}",
    "Grandir ensemble — protection de l’enfance {}",
)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What places of a kind declare: between which bounds, and which competences each draws some of."""

    kind: str
    capacity: tuple[int, int]
    delay: tuple[int, int]
    price: str = ""
    competences: tuple[str, ...] = ()
    always: tuple[str, ...] = field(default=())  # competences that each has


CONTACT = Offer(
    kind="espace-rencontre", capacity=(12, 40), delay=(12, 75), price="gratuit", competences=("passage",),
    always=("mediatisee",),
)  # fmt: skip
ENQUIRY = Offer(kind="enquete-sociale", capacity=(3, 8), delay=(7, 40), price="tarif réglementé")
EXPERT = Offer(kind="expertise", capacity=(3, 10), delay=(15, 90), price="selon la provision")
GUARDIAN = Offer(
    kind="mjpm", capacity=(25, 60), delay=(5, 30), price="barème national", competences=("sauvegarde", "maj"),
    always=("curatelle", "tutelle"),
)  # fmt: skip
GUARDIANS = Offer(
    kind="mjpm", capacity=(180, 900), delay=(10, 60), price="barème national", competences=("maj",),
    always=("curatelle", "sauvegarde", "tutelle"),
)  # fmt: skip
OPEN = Offer(
    kind="aemo", capacity=(120, 480), delay=(20, 200), competences=("hebergement", "renforcee"), always=("simple",),
)  # fmt: skip
HOME = Offer(kind="aed", capacity=(80, 260), delay=(15, 90))
INQUEST = Offer(kind="mjie", capacity=(18, 60), delay=(10, 70))
SHELTER = Offer(
    kind="placement-enfant", capacity=(12, 48), delay=(2, 60), competences=("adolescence", "enfance", "fratrie"),
)  # fmt: skip
SPECIALITIES = (("psychologie",), ("psychiatrie",), ("pediatrie", "psychologie"), ("notariat",))


def measures(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add the services of every department, and the information meetings of every mediation service."""
    furnisher = _Furnisher(catalogue, rng, today)
    for department in catalogue.map.departments.values():
        furnisher.furnish(department)
    furnisher.information_meetings()


class _Furnisher:
    def __init__(self, catalogue: Catalogue, rng: Random, today: date) -> None:
        self.catalogue = catalogue
        self.rng = rng
        self.today = today

    def furnish(self, department: Department) -> None:
        """Add the services of a department."""
        self._contact_centres(department)
        for number in range(_many(department)):
            self._alone(f"enquete-{department.code}-{number}", department, ENQUIRY)
        for number in range(1 + _many(department)):
            offer = Offer(**vars(EXPERT) | {"always": SPECIALITIES[number % len(SPECIALITIES)]})
            self._alone(f"expert-{department.code}-{number}", department, offer)
        self._guardians(department)
        for name in PROTECTION[: 3 if department.code == LYON else 1]:
            self._open_environment(department, name.format(department.of_it))
        self._homes(department)

    def _contact_centres(self, department: Department) -> None:
        names = ("Le Trait d’union", "L’Escale", "Arc-en-ciel", "Le Petit Pont", "La Clairière")
        for number, drawn in enumerate(self.rng.sample(names, _many(department))):
            name = f"{drawn} — espace-rencontre {of_town(short_name(department.seat))}"
            host = self.catalogue.host(self.rng, f"rencontre-{department.code.lower()}-{number}", name, department.seat)
            self._offer(host, name, CONTACT, department)

    def _alone(self, code: str, department: Department, offer: Offer) -> None:
        """Add somebody who works alone, near one of the courts of the department: the service bears their name."""
        name = f"{given_name(self.rng, self.rng.choice('FM'))} {family_name(self.rng)}"
        court = self.rng.choice(self.catalogue.map.courts_in(department))
        host = self.catalogue.host(self.rng, code.lower(), name, _within(court.commune, department))
        self._offer(host, name, offer, department)

    def _guardians(self, department: Department) -> None:
        name = f"Protection et autonomie {department.of_it}"
        host = self.catalogue.host(self.rng, f"tutelles-{department.code.lower()}", name, department.seat)
        self._offer(host, name, GUARDIANS, department)
        for number in range(1 + _many(department)):
            self._alone(f"mjpm-{department.code}-{number}", department, GUARDIAN)

    def _open_environment(self, department: Department, name: str) -> None:
        code = f"enfance-{department.code.lower()}-{normalise(name).replace(' ', '-')}"
        host = self.catalogue.host(self.rng, code, name, department.seat)
        for offer in (OPEN, INQUEST, HOME):
            self._offer(host, name, offer, department)

    def _homes(self, department: Department) -> None:
        town = of_town(short_name(department.seat))
        for number, home in enumerate(self.rng.sample(HOMES, _many(department))):
            name = f"{home} — maison d’enfants {town}"
            host = self.catalogue.host(self.rng, f"accueil-{department.code.lower()}-{number}", name, department.seat)
            self._offer(host, name, SHELTER, department)

    def _offer(self, host: Host, name: str, offer: Offer, department: Department) -> Place:
        is_of_lyon = department.code == LYON
        share = self.rng.choice((0.5, 0.7, 0.85)) if is_of_lyon else self.rng.choice(LOADS)
        capacity = self.rng.randint(*offer.capacity)
        load = round(capacity * share)
        waiting = self.rng.randint(2, 4 + capacity // 12) if load >= capacity else self.rng.choice((0, 0, 1, 3))
        is_fresh = self.rng.random() < (0.8 if is_of_lyon else 0.6)
        age = self.rng.randint(1, 13) if is_fresh else self.rng.randint(35, 200)
        return self.catalogue.place(
            host,
            offer.kind,
            name,
            declaration=Declaration(capacity, load, waiting),
            declared_on=self.today - timedelta(days=age),
            attributes=self._attributes(offer, department, share),
        )

    def _attributes(self, offer: Offer, department: Department, share: float) -> dict[str, Any]:
        """Return what a service says of itself: the more loaded, the later its first meeting."""
        shortest, longest = offer.delay
        later = (longest - shortest) * min(max(share - 0.4, 0) / 0.7, 1) * self.rng.uniform(0.6, 1)
        drawn = self.rng.sample(offer.competences, self.rng.randint(0, len(offer.competences)))
        serves_lyon = department.code in AROUND and self.rng.random() < 0.5
        said: dict[str, Any] = {
            "first_meeting_days": shortest + round(later),
            "languages": ["français", *sorted(self.rng.sample(TONGUES, self.rng.choice((0, 0, 0, 1, 2))))],
            "accessible": self.rng.random() < 0.7,
            "zone": [department.code, LYON] if serves_lyon else [department.code],
        }
        if offer.price:
            said["price_scale"] = offer.price
        return said | ({"competences": sorted({*offer.always, *drawn})} if offer.competences or offer.always else {})

    def information_meetings(self) -> None:
        """Add the meetings at which couples are informed, three at a time, where mediators work: a half-day a week."""
        since = self.today - timedelta(days=365)
        hosts = {place.host.code: place.host for place in self.catalogue.places if place.kind == "mediation-familiale"}
        for host, age in zip(hosts.values(), cycle(AGES), strict=False):
            meeting = self.catalogue.place(
                host,
                "mediation-information",
                "Réunion d’information",
                declaration=Declaration(3, 0, 0),
                declared_on=self.today - timedelta(days=age),
            )
            opens, closes = self.rng.choice((("09:00", "12:00"), ("14:00", "17:00")))
            self.catalogue.opens(meeting, [self.rng.choice(range(5))], opens, closes, since=since)


def _within(commune: Commune, department: Department) -> Commune:
    """Return the commune, or the seat of the department when its nearest court is elsewhere: on islands."""
    return commune if commune.department == department.code else department.seat


def _many(department: Department) -> int:
    return OF_LYON if department.code == LYON else 1 + (department.seat.population > BIG)


def designated(places: Iterable[Place]) -> Iterator[Place]:
    """Yield the places that take measures, but for mediators, who have bookings of their own."""
    return (place for place in places if place.kind in DESIGNATED_BY and place.kind != "mediation-familiale")
