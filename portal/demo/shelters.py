"""Placements outside, beds of shelters (CHRS), legal consultations of Point-justice: their kinds and places."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from availability.declarations import Declaration
from availability.models import Kind, Shape
from availability.rights import Role
from portal.demo.catalogue import Catalogue, of_town, short_name

SEX = {"label": "Public", "type": "choice", "position": 1, "choices": {"M": "Hommes", "F": "Femmes", "any": "Tous"}}
AGE = {"label": "Âge", "type": "range", "position": 2, "least": "min_age", "most": "max_age", "unit": "ans"}
LODGING = {"label": "Avec hébergement", "type": "flag", "position": 3}
CHILDREN = {"label": "Accueille des enfants", "type": "flag", "position": 3}
PETS = {"label": "Animal accepté", "type": "flag", "position": 4}
ACCESSIBLE = {"label": "Accessible en fauteuil roulant", "type": "flag", "position": 7}
WORKS = ("maraîchage", "bâtiment", "espaces verts", "restauration", "recyclage", "couture")
WORK = {"label": "Activité", "type": "list", "position": 5, "choices": {work: work.capitalize() for work in WORKS}}
SUBJECTS = {
    "famille": "Droit de la famille",
    "logement": "Logement",
    "travail": "Travail",
    "dettes": "Surendettement",
    "etrangers": "Droit des étrangers",
    "victimes": "Aide aux victimes",
}
SUBJECT = {"label": "Sujet", "type": "list", "position": 1, "choices": SUBJECTS}
LANGUAGES = {"label": "Langues", "type": "list", "position": 2}
BEDS = ("1", "2", "3")
TONGUES = ("anglais", "arabe", "espagnol", "portugais", "roumain", "turc")

KINDS = (
    Kind(
        code="placement-exterieur",
        label="placement à l’extérieur",
        label_plural="placements à l’extérieur",
        layer="Placement extérieur",
        shape=Shape.PLACES.value,
        position=20,
        host_accepts=True,
        request_days=10,
        max_days=366,
        crosses_territories=True,
        searchable={"sex": SEX, "age": AGE, "lodging": LODGING, "work": WORK, "accessible": ACCESSIBLE},
    ),
    Kind(
        code="chrs",
        label="place d’hébergement (CHRS)",
        label_plural="places d’hébergement (CHRS)",
        layer="Hébergement",
        shape=Shape.NIGHTS.value,
        position=21,
        max_days=183,
        crosses_territories=True,
        searchable={"sex": SEX, "age": AGE, "children": CHILDREN, "pets": PETS, "accessible": ACCESSIBLE},
    ),
    Kind(
        code="point-justice",
        label="consultation de Point-justice",
        label_plural="consultations de Point-justice",
        layer="Point-justice",
        shape=Shape.SLOTS.value,
        position=22,
        min_notice_min=120,
        max_ahead_days=60,
        cancel_notice_min=120,
        slot_step_min=30,
        slot_duration_min=30,
        ignores_weekends=False,
        closes_in_recess=True,
        searchable={"subject": SUBJECT, "languages": LANGUAGES, "accessible": ACCESSIBLE},
    ),
)
CODES = tuple(kind.code for kind in KINDS)
MAY_RESERVE: dict[Role, dict[str, bool]] = {
    Role.PROBATION_OFFICER: dict.fromkeys(CODES, True),
    Role.SENTENCE_JUDGE: {"placement-exterieur": True, "chrs": False},
    Role.REGISTRY: {"point-justice": True},
    Role.ADMINISTRATOR: dict.fromkeys(CODES, False),
}
MAY_SET_HOURS = {(Role.REGISTRY, "point-justice")}


def associations(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add, in each department, an association that takes placements outside and a shelter."""
    for department in catalogue.map.departments.values():
        seat, code = department.seat, department.code.lower()
        where = of_town(short_name(seat))
        association = catalogue.host(rng, f"pext-{code}", f"Association Le Pas de côté {where}", seat)
        capacity = rng.randint(3, 9)
        catalogue.place(
            association,
            "placement-exterieur",
            "Chantier d’insertion",
            declaration=Declaration(capacity, rng.randint(0, capacity - 1), rng.choice((0, 0, 1, 3))),
            declared_on=today - timedelta(days=rng.randint(1, 60)),
            attributes={
                "sex": rng.choice(("any", "any", "M")),
                "min_age": 18,
                "lodging": rng.random() < 0.5,
                "work": sorted(rng.sample(WORKS, 2)),
                "accessible": rng.random() < 0.3,
            },
        )
        house = catalogue.host(rng, f"chrs-{code}", f"CHRS La Halte {where}", seat)
        for_families = rng.random() < 0.5
        catalogue.place(
            house,
            "chrs",
            "Femmes et familles" if for_families else "Hommes",
            attributes={
                "sex": "F" if for_families else "M",
                "min_age": 18,
                "children": for_families,
                "pets": rng.random() < 0.3,
                "accessible": rng.random() < 0.5,
            },
            units=BEDS,
        )


def legal_advice(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add a Point-justice in the town of each court, two half-days a week."""
    since = today - timedelta(days=365)
    for court in catalogue.map.courts:
        name = f"Point-justice {of_town(short_name(court.commune))}"
        host = catalogue.host(rng, f"pj-{court.code.lower()}", name, court.commune, court)
        attributes = {
            "subject": sorted(rng.sample(sorted(SUBJECTS), 3)),
            "languages": ["français", *sorted(rng.sample(TONGUES, rng.choice((0, 1, 2))))],
            "accessible": rng.random() < 0.8,
        }
        place = catalogue.place(host, "point-justice", "Consultation juridique gratuite", attributes=attributes)
        catalogue.opens(place, rng.sample(range(5), 1), "09:00", "12:00", since=since)
        catalogue.opens(place, rng.sample(range(5), 1), "14:00", "17:00", since=since)
