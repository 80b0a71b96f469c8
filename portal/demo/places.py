"""Semi-liberty centres with their beds, TIG hosts with their posts, mediators, bracelet teams, probation services."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from availability.gazetteer import Commune, by_population, gazetteer
from portal.demo.catalogue import Catalogue, Host, of_town, short_name
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
WITH_MINORS = ("TGILYON", "TGILILLE")

CITIES_OF_DISTRICTS = ("13055", "69123", "75056")  # their arrondissements are listed too
TIG_HOSTS = 1_560
TIG_HOSTS_LEAST = 5  # in a department
POSTS = (
    ("Entretien des espaces verts", ("jardinage",)), ("Peinture des locaux", ("peinture",)),
    ("Aide en cuisine", ("cuisine",)), ("Tri et réparation d’objets", ("bricolage",)),
    ("Rangement de la médiathèque", ()), ("Petite maçonnerie", ("maçonnerie",)),
    ("Nettoyage des équipements sportifs", ()), ("Blanchisserie", ()), ("Soins aux animaux", ()),
    ("Distribution de colis alimentaires", ()), ("Entretien des sentiers", ("jardinage",)),
    ("Manutention et livraison", ("permis B",)), ("Accueil et archivage", ("bureautique",)),
    ("Nettoyage de la voirie", ()), ("Montage de manifestations", ("bricolage",)),
)  # fmt: skip
ASSOCIATIONS = (
    "Les Jardins solidaires {}", "La Recyclerie {}", "L’Épicerie solidaire {}", "Le Refuge animalier {}",
    "La Régie de quartier {}", "L’Atelier vélo {}", "Les Mains vertes {}", "La Maison des associations {}",
    "Le Verger partagé {}", "Le Club sportif {}", "La Ressourcerie {}", "Le Fournil solidaire {}",
)  # fmt: skip

MEDIATION_SERVICES = 270
MEDIATORS_OF = (
    "Espace médiation {}",
    "Maison de la médiation {}",
    "Médiation et familles {}",
    "Le Pont — médiation {}",
)
TONGUES = ("anglais", "arabe", "espagnol", "portugais", "turc", "langue des signes")


def semi_liberty(catalogue: Catalogue, rng: Random) -> None:
    """Add centres and quarters, with their sections and named beds."""
    for name, found in (("Centre de semi-liberté", CENTRES), ("Quartier de semi-liberté", QUARTERS)):
        for code, beds in found:
            court = catalogue.map.by_code[code]
            label = f"{name} {of_town(short_name(court.commune))}"
            host = catalogue.host(rng, f"sl-{code.lower()}", label, court.commune, court)
            for section, (letter, sex, ages, size) in _sections(court, beds):
                attributes = {
                    "sex": sex,
                    **ages,
                    "regime": "probatoire" if letter == "B" else "ordinaire",
                    "weekend": letter != "B" or rng.random() < 0.5,
                    "accessible": rng.random() < 0.4,
                    "exit_from": rng.choice(("05:00", "06:00", "06:30", "07:00")),
                    "return_by": rng.choice(("18:30", "19:30", "20:00", "21:00")),
                }
                named = tuple(f"{letter}-{1 + bed // 10}{bed % 10 + 1:02}" for bed in range(size))
                catalogue.place(host, "semi-liberte", section, capacity=size, attributes=attributes, units=named)


def _sections(court: Court, beds: int) -> Iterator[tuple[str, tuple[str, str, dict[str, int], int]]]:
    adults = {"min_age": 18}
    women = beds // 8 if beds >= 16 else 0
    minors = 4 if court.code in WITH_MINORS else 0
    men = beds - women - minors
    second = men // 2 if beds > 20 else 0
    yield "Section hommes A" if second else "Section hommes", ("A", "M", adults, men - second)
    if second:
        yield "Section hommes B", ("B", "M", adults, second)
    if women:
        yield "Section femmes", ("F", "F", adults, women)
    if minors:
        yield "Section mineurs", ("J", "M", {"min_age": 16, "max_age": 17}, minors)


def community_work(catalogue: Catalogue, rng: Random) -> None:
    """Add TIG hosts in every department, by population, with one to four posts each."""
    by_department = _communes_by_department(catalogue)
    everybody = sum(one.population for communes in by_department.values() for one in communes)
    for code, communes in by_department.items():
        share = sum(one.population for one in communes) / everybody
        wanted = max(TIG_HOSTS_LEAST, round(TIG_HOSTS * share))
        for number, commune in enumerate(_drawn(rng, communes, wanted), 1):
            _tig_host(catalogue, rng, f"tig-{code.lower()}-{number:03}", commune, is_first=number == 1)


def _communes_by_department(catalogue: Catalogue) -> dict[str, list[Commune]]:
    found: dict[str, list[Commune]] = {code: [] for code in catalogue.map.departments}
    for commune in gazetteer().communes:
        # The Marquesas and the Gambier have another time zone than Tahiti: nobody is posted there.
        is_far = commune.department == "987" and commune.lon > -148
        if commune.insee not in CITIES_OF_DISTRICTS and commune.department in found and not is_far:
            found[commune.department].append(commune)
    return found


def _drawn(rng: Random, communes: list[Commune], wanted: int) -> list[Commune]:
    """Return communes drawn by population, the largest first of all; a large one may come several times."""
    largest = sorted(communes, key=by_population)[: max(30, wanted)]
    return [largest[0], *rng.choices(largest, [max(one.population, 1) for one in largest], k=wanted - 1)]


def _tig_host(catalogue: Catalogue, rng: Random, code: str, commune: Commune, *, is_first: bool) -> None:
    where = of_town(commune.name)
    drawn = rng.random()
    if is_first or drawn < 0.3:
        name = f"Mairie {where}"
    elif drawn < 0.4 and commune.population > 15_000:
        name = f"Centre hospitalier {where}"
    else:
        name = rng.choice(ASSOCIATIONS).format(where)
    host = catalogue.host(rng, code, name, commune)
    for post, skills in rng.sample(POSTS, rng.choice((1, 1, 2, 2, 2, 3, 4))):
        capacity = rng.choice((1, 1, 1, 2, 2, 3, 4))
        attributes = {
            "sex": "any",
            "min_age": rng.choice((16, 18, 18)),
            "weekend": rng.random() < 0.35,
            "accessible": rng.random() < 0.4,
            "skills": list(skills),
        }
        load = rng.choice((0, 0, 0, 1)) if capacity > 1 else 0
        catalogue.place(host, "tig", post, capacity=capacity, load=load, attributes=attributes)


def mediation(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add family mediation services, nearer where there are people, with loads of every age."""
    departments = list(catalogue.map.departments.values())
    towns = [court.commune for department in departments for court in catalogue.map.courts_in(department)]
    seats = [department.seat for department in departments]
    extra = rng.choices(towns, [town.population for town in towns], k=MEDIATION_SERVICES - len(seats) - 6)
    lyon = catalogue.map.by_code["TGILYON"].commune
    for number, commune in enumerate([*[lyon] * 6, *seats, *extra], 1):
        name = rng.choice(MEDIATORS_OF).format(of_town(short_name(commune)))
        host = catalogue.host(rng, f"mediation-{number:03}", name, commune)
        for _ in range(rng.choice((1, 1, 2))):
            _mediator(catalogue, rng, host, today, always_free=number <= 2)


def _mediator(catalogue: Catalogue, rng: Random, host: Host, today: date, *, always_free: bool) -> None:
    capacity = rng.randint(6, 20)
    share = rng.uniform(0.2, 0.5) if always_free else rng.choice((0.4, 0.6, 0.75, 0.9, 1.0, 1.1))
    load = round(capacity * share)
    fresh = always_free or rng.random() < 0.6
    attributes = {
        "first_meeting_days": rng.randint(5, 20) + round(40 * max(share - 0.5, 0)),
        "languages": ["français", *sorted(rng.sample(TONGUES, rng.choice((0, 0, 1, 2))))],
        "price_scale": "2 € à 131 €",
        "accessible": rng.random() < 0.6,
    }
    catalogue.place(
        host,
        "mediation-familiale",
        f"{given_name(rng, 'F' if rng.random() < 0.8 else 'M')} {family_name(rng)}",
        capacity=capacity,
        load=load,
        waiting=rng.randint(1, 9) if load >= capacity else rng.choice((0, 0, 0, 1, 2)),
        declared_on=today - timedelta(days=rng.randint(1, 30) if fresh else rng.randint(45, 240)),
        attributes=attributes,
    )


def probation_services(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add the probation service (SPIP) of each department, with agents who receive."""
    for department in catalogue.map.departments.values():
        seat, court = department.seat, catalogue.map.courts_in(department)[0]
        name = f"Service pénitentiaire d’insertion et de probation {department.of_it}"
        host = catalogue.host(rng, f"spip-{department.code.lower()}", name, seat, court)
        for _ in range(3 if seat.population > 200_000 else 2):
            agent = f"{given_name(rng, rng.choice('FM'))} {family_name(rng)}"
            place = catalogue.place(host, "spip-rdv", agent)
            catalogue.opens(place, range(5), "09:00", "12:00", since=_since(today))
            catalogue.opens(place, range(1, rng.choice((2, 3))), "14:00", "17:00", since=_since(today))


def bracelet_teams(catalogue: Catalogue, rng: Random, today: date) -> None:
    """Add the teams that fit bracelets: one a department, two around the large towns, on Saturdays too."""
    for department in catalogue.map.departments.values():
        court = catalogue.map.courts_in(department)[0]
        name = f"Pôle centralisateur {department.of_it} — surveillance électronique"
        host = catalogue.host(rng, f"pse-{department.code.lower()}", name, department.seat, court)
        for number in range(_teams(department)):
            place = catalogue.place(host, "bracelet", f"Équipe {number + 1}", attributes={"sex": "any"})
            catalogue.opens(place, range(5), "08:30", "17:30", since=_since(today))
            catalogue.opens(place, range(5, 6), "09:00", "12:00", since=_since(today))


def _teams(department: Department) -> int:
    return 2 if department.code in ("13", "33", "59", "69", "75", "93") else 1


def _since(today: date) -> date:
    return today - timedelta(days=365)
