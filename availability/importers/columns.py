"""What a column of a spreadsheet of places can be, and which one it probably is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from availability.attributes import Attribute, AttributeType, schema
from availability.models import Kind
from availability.places import normalise

ASIDE = ""  # a column that is not read
ATTRIBUTE = "attribute:"
ALIKE = 0.78  # how alike two headings must be for one to be proposed for the other


@dataclass(frozen=True)
class Field:
    """Something that a column can say of a place. `also` are other headings that people give it."""

    code: str
    heading: str
    also: tuple[str, ...] = ()


CODE, KIND, NAME, ORGANISATION, ORGANISATION_NAME = "code", "kind", "name", "organisation", "organisation_name"
SITE, SITE_NAME, ADDRESS, POSTCODE, COMMUNE = "site", "site_name", "address", "postcode", "commune"
CAPACITY, LOAD, WAITING, BEDS, BEDS_OUT, IN_SERVICE = "capacity", "load", "waiting", "beds", "beds_out", "in_service"
NUMBERS = (CAPACITY, LOAD, WAITING)
OWN = (
    Field(CODE, "Code", ("identifiant", "id", "référence", "réf", "numéro", "clé", "code place", "code poste")),
    Field(KIND, "Type", ("type de place", "nature", "dispositif", "catégorie", "mesure")),
    Field(NAME, "Nom", ("libellé", "intitulé", "désignation", "nom du poste", "nom du médiateur", "section")),
)
HOST = (
    Field(ORGANISATION, "Organisme (code)", ("code organisme", "organisme", "siret", "association", "structure")),
    Field(ORGANISATION_NAME, "Organisme", ("nom de l'organisme", "nom de la structure", "service")),
)
PLACE = (
    Field(SITE, "Lieu (code)", ("code lieu", "code site", "site", "code établissement")),
    Field(SITE_NAME, "Lieu", ("nom du lieu", "établissement", "antenne", "nom du site", "adresse du lieu")),
    Field(ADDRESS, "Adresse", ("rue", "voie", "adresse postale")),
    Field(POSTCODE, "Code postal", ("cp", "code_postal")),
    Field(COMMUNE, "Commune", ("ville", "localité", "commune d'implantation")),
    Field(CAPACITY, "Places", ("capacité", "nombre de places", "nb places", "capacité d'accueil", "nb de places")),
    Field(LOAD, "Places prises", ("charge", "en cours", "mesures en cours", "places occupées", "occupées")),
    Field(WAITING, "En attente", ("attente", "liste d'attente", "mesures en attente")),
    Field(BEDS, "Lits", ("chambres", "noms des lits", "lits en service")),
    Field(BEDS_OUT, "Lits hors service", ("lits fermés", "chambres hors service")),
    Field(IN_SERVICE, "En service", ("actif", "active", "ouvert", "disponible")),
)


def fields_for(kinds: Iterable[Kind], *, for_any_host: bool) -> tuple[Field, ...]:
    """Return what a column can be for these kinds; whoever imports for any organisation says which."""
    found: dict[str, Field] = {}
    for kind in kinds:
        for attribute in schema(kind.searchable):
            for name in attribute.names:
                found.setdefault(name, Field(f"{ATTRIBUTE}{name}", heading_of(attribute, name), (name,)))
    return (*OWN, *(HOST if for_any_host else ()), *PLACE, *found.values())


def heading_of(attribute: Attribute, name: str) -> str:
    """Return the heading of one value of an attribute: a range has two."""
    if attribute.type is not AttributeType.RANGE:
        return attribute.label
    return f"{attribute.label} : {'minimum' if name == attribute.least else 'maximum'}"


def proposed(headings: Sequence[str], fields: Sequence[Field], remembered: Mapping[str, str]) -> tuple[str, ...]:
    """Return the code of a field for each heading, or ASIDE; a field is proposed once, to the heading most like it.

    What somebody once said of a heading, `remembered` by its compared form, comes first.
    """
    known = {field.code for field in fields}
    chosen: dict[int, str] = {}
    for at, heading in enumerate(headings):
        said = remembered.get(compared(heading))
        if said == ASIDE or (said in known and said not in chosen.values()):
            chosen[at] = said or ASIDE
    likeness = sorted(
        (
            (-_alike(heading, field), at, rank, field.code)
            for at, heading in enumerate(headings)
            if at not in chosen
            for rank, field in enumerate(fields)
        ),
    )
    for unlike, at, _, code in likeness:
        if -unlike >= ALIKE and at not in chosen and code not in chosen.values():
            chosen[at] = code
    return tuple(chosen.get(at, ASIDE) for at in range(len(headings)))


def compared(heading: str) -> str:
    """Return a heading as it is compared: without accents, case or punctuation."""
    return normalise(heading)[:200]


def _alike(heading: str, field: Field) -> float:
    words = compared(heading)
    return max(_ratio(words, compared(name)) - 0.001 * bool(at) for at, name in enumerate((field.heading, *field.also)))


def _ratio(one: str, other: str) -> float:
    return 1.0 if one == other else SequenceMatcher(None, one, other).ratio()
