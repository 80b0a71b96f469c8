"""Hosts of community work (TIG) in every department, by population, and what they offer to do."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from availability.declarations import Declaration
from availability.gazetteer import Commune, by_population, gazetteer
from portal.demo.catalogue import Catalogue, Host, of_town

HOSTS = 1_560
LEAST_HOSTS = 5  # in a department
CITIES_OF_DISTRICTS = ("13055", "69123", "75056")  # their arrondissements are listed too
HOSPITAL_TOWN = 15_000  # inhabitants from which a town has a hospital

# Post and the skills that it asks for.
Posts = tuple[tuple[str, tuple[str, ...]], ...]
TOWN_HALL_POSTS: Posts = (
    ("Entretien des espaces verts", ("jardinage",)),
    ("Peinture des locaux communaux", ("peinture",)),
    ("Rangement de la médiathèque", ()),
    ("Nettoyage des équipements sportifs", ()),
    ("Nettoyage de la voirie", ()),
    ("Montage de manifestations", ("bricolage",)),
    ("Petite maçonnerie", ("maçonnerie",)),
    ("Accueil et archivage", ("bureautique",)),
)
HOSPITAL_POSTS: Posts = (
    ("Blanchisserie", ()),
    ("Aide en cuisine", ("cuisine",)),
    ("Entretien du parc", ("jardinage",)),
    ("Brancardage et manutention", ()),
)
# Name of an association, before "de" and its town, and its posts.
ASSOCIATIONS: tuple[tuple[str, Posts], ...] = (
    ("Les Jardins solidaires", (("Maraîchage", ("jardinage",)), ("Vente de légumes", ()), ("Compostage", ()))),
    ("La Recyclerie", (("Tri et réparation d’objets", ("bricolage",)), ("Collecte", ("permis B",)), ("Vente", ()))),
    ("L’Épicerie solidaire", (("Mise en rayon", ()), ("Collecte de denrées", ("permis B",)), ("Accueil", ()))),
    ("Le Refuge animalier", (("Soins aux animaux", ()), ("Entretien des enclos", ("bricolage",)))),
    (
        "La Régie de quartier",
        (("Nettoyage des halls", ()), ("Peinture", ("peinture",)), ("Encombrants", ())),
    ),
    ("L’Atelier vélo", (("Réparation de vélos", ("mécanique",)), ("Accueil de l’atelier", ()))),
    ("Les Mains vertes", (("Entretien des sentiers", ("jardinage",)), ("Plantation de haies", ("jardinage",)))),
    ("La Maison des associations", (("Accueil et rangement", ()), ("Montage de manifestations", ("bricolage",)))),
    ("Le Verger partagé", (("Taille et récolte", ("jardinage",)), ("Atelier de jus", ()))),
    ("Le Club sportif", (("Entretien du terrain", ()), ("Peinture des vestiaires", ("peinture",)))),
    ("Les Colis du cœur", (("Distribution de colis alimentaires", ()), ("Manutention et livraison", ("permis B",)))),
    ("Le Fournil solidaire", (("Aide au fournil", ("cuisine",)), ("Livraison du pain", ("permis B",)))),
    ("Le Vestiaire solidaire", (("Tri de vêtements", ()), ("Couture et retouches", ("couture",)))),
    ("La Ferme pédagogique", (("Soins aux animaux", ()), ("Entretien des clôtures", ("bricolage",)))),
    ("La Bibliothèque de rue", (("Couverture de livres", ()), ("Tournée en triporteur", ()))),
    ("Le Jardin des simples", (("Désherbage", ("jardinage",)), ("Séchage des plantes", ()))),
)


def community_work(catalogue: Catalogue, rng: Random) -> None:
    """Add TIG hosts in every department, by population, with one to four posts each."""
    by_department = _communes_by_department(catalogue)
    everybody = sum(one.population for communes in by_department.values() for one in communes)
    names: set[str] = set()
    for code, communes in by_department.items():
        share = sum(one.population for one in communes) / everybody
        wanted = max(LEAST_HOSTS, round(HOSTS * share))
        for number, commune in enumerate(_drawn(rng, communes, wanted), 1):
            name, posts = _new_host(rng, commune, names)
            names.add(name)
            host = catalogue.host(rng, f"tig-{code.lower()}-{number:03}", name, commune)
            _posts(catalogue, rng, host, posts)


def _communes_by_department(catalogue: Catalogue) -> dict[str, list[Commune]]:
    found: dict[str, list[Commune]] = {code: [] for code in catalogue.map.departments}
    for commune in gazetteer().communes:
        if commune.insee not in CITIES_OF_DISTRICTS and commune.department in found:
            found[commune.department].append(commune)
    return found


def _drawn(rng: Random, communes: list[Commune], wanted: int) -> list[Commune]:
    """Return communes drawn by population, the largest first of all; a large one may come several times."""
    largest = sorted(communes, key=by_population)[: max(30, wanted)]
    return [largest[0], *rng.choices(largest, [max(one.population, 1) for one in largest], k=wanted - 1)]


def _new_host(rng: Random, commune: Commune, names: set[str]) -> tuple[str, Posts]:
    """Return a host that the commune does not have yet: its town hall, its hospital, or an association."""
    where = of_town(commune.name)
    associations = [(f"{name} {where}", posts) for name, posts in rng.sample(ASSOCIATIONS, len(ASSOCIATIONS))]
    public = [(f"Mairie {where}", TOWN_HALL_POSTS)]
    if commune.population > HOSPITAL_TOWN:
        public.append((f"Centre hospitalier {where}", HOSPITAL_POSTS))
    candidates = [*public, *associations] if rng.random() < 0.5 else [*associations, *public]
    return next(
        ((name, posts) for name, posts in candidates if name not in names),
        (f"{candidates[0][0]} ({len(names)})", candidates[0][1]),
    )


def _posts(catalogue: Catalogue, rng: Random, host: Host, posts: Posts) -> None:
    wanted = min(rng.choice((1, 2, 2, 2, 3, 4)), len(posts))
    for name, skills in _in_order(posts, rng.sample(range(len(posts)), wanted)):
        capacity = rng.choice((1, 1, 1, 2, 2, 3, 4))
        attributes = {
            "sex": "any",
            "min_age": rng.choice((16, 18, 18)),
            "weekend": rng.random() < 0.35,
            "accessible": rng.random() < 0.4,
            "skills": list(skills),
            "evening": capacity > 2,
        }
        load = rng.choice((0, 0, 0, 1)) if capacity > 1 else 0
        catalogue.place(host, "tig", name, declaration=Declaration(capacity, load, 0), attributes=attributes)


def _in_order(posts: Posts, drawn: Iterable[int]) -> list[tuple[str, tuple[str, ...]]]:
    return [posts[number] for number in sorted(drawn)]
